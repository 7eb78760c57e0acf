import { z } from 'zod';
import type { Manifest, State } from '../../package.js';
import { count } from './common.js';
import type { Fields } from './fields.js';

export const manifest = z.object({
  deja: z.literal('package/1'),
  id: z.string().min(1),
  service: z.string(),
  release: z.string().optional(),
  time: z.string(),
  summary: z.string().nullable(),
  counts: z.object({ events: count, requests: count }),
  limits: z.array(z.string()),
  capture: z.object({
    version: z.string(),
    mode: z.enum(['production', 'replay']),
    notCaptured: z.array(z.string()),
    sources: z.array(z.enum(['connections', 'datagrams', 'files', 'processes'])).optional(),
  }),
} satisfies Fields<Manifest>);

export const state = z.object({ values: z.record(z.string(), z.unknown()) } satisfies Fields<State>);
