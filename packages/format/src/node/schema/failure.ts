import { z } from 'zod';
import type { ErrorInfo, FailedResponse, Failure, Frame, FrameScope, Preview, RefusedMessage } from '../../failure.js';
import { body, count, headerList } from './common.js';
import type { Fields } from './fields.js';

/** Any JSON is a preview; its bounds are those of the reader. */
const preview = z.unknown() as z.ZodType<Preview>;
const previews = z.record(z.string(), preview);

const frameScope = z.object({
  type: z.enum(['local', 'block', 'closure', 'catch', 'module']),
  variables: previews,
} satisfies Fields<FrameScope>).meta({ id: 'FrameScope' });

const frame = z.object({
  function: z.string().optional(),
  file: z.string(),
  line: count,
  column: count,
  inApp: z.boolean(),
  scopes: z.array(frameScope).optional(),
} satisfies Fields<Frame>).meta({ id: 'Frame' });

const errorInfo: z.ZodType<ErrorInfo> = z.lazy(() =>
  z.object({
    name: z.string(),
    message: z.string(),
    code: z.string().optional(),
    stack: z.string().optional(),
    frames: z.array(frame),
    cause: errorInfo.optional(),
    errors: z.array(errorInfo).optional(),
    fields: previews.optional(),
    nonError: z.boolean().optional(),
  } satisfies Fields<ErrorInfo>),
).meta({ id: 'ErrorInfo' });

const failedResponse = z.object({
  status: count,
  headers: headerList,
  body: body.optional(),
} satisfies Fields<FailedResponse>);

export const failure = z.object({
  origin: z.enum(['framework', 'response', 'message', 'uncaughtException', 'unhandledRejection', 'captureException']),
  fatal: z.boolean(),
  error: errorInfo.optional(),
  response: failedResponse.optional(),
  refused: z.object({ how: z.string(), requeue: z.boolean().optional() } satisfies Fields<RefusedMessage>).optional(),
  afterSeq: count,
  at: z.number().optional(),
} satisfies Fields<Failure>);
