import type * as Http from 'node:http';
import type * as Https from 'node:https';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Required, not imported: an import reads every export, and one of them loads all of undici (25 ms of an application that may not need it). */
export const http = require('node:http') as typeof Http;
export const https = require('node:https') as typeof Https;
