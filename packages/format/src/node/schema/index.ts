import { z } from 'zod';
import type { Timeline } from '../../timeline.js';
import { context } from './context.js';
import { cell, ioEvent } from './event.js';
import { failure } from './failure.js';
import type { Fields } from './fields.js';
import { manifest, state } from './manifest.js';
import { databaseInfo, serverInfo, services } from './services.js';

/** The files of a package, version 1, each under its name; of `timeline.jsonl` its lines. */
export const packageFiles = z.object({
  'manifest.json': manifest,
  'failure.json': failure.nullable(),
  'context.json': context,
  'services.json': services,
  'timeline.jsonl': z.array(ioEvent),
  'state.json': state,
});

export const timeline = z.object({
  deja: z.literal('timeline/1'),
  epoch: z.number().optional(),
  databases: z.array(databaseInfo).optional(),
  servers: z.array(serverInfo).optional(),
  events: z.array(ioEvent),
} satisfies Fields<Timeline>);

export { cell, context, failure, ioEvent, manifest, services, state };
