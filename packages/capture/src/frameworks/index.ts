import { hookExpress } from './express.js';
import { hookFastify } from './fastify.js';
import type { HandledError } from './handled-error.js';
import { hookKoa } from './koa.js';

/** Sees the errors that request handlers hand to their framework. Before `startModuleHooks`. */
export function installFrameworks(handled: HandledError): Disposable {
  hookExpress(handled);
  hookKoa(handled);
  return hookFastify(handled);
}
