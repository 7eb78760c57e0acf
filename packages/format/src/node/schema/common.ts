import { z } from 'zod';
import type { Body, HeaderList } from '../../event.js';
import { readExtendedJson } from '../../extended-json.js';

export const count = z.int().nonnegative();
/** Of TCP. */
export const port = z.int().min(0).max(65_535);
/** Counted from 1. */
export const position = z.int().positive();
export const strings = z.record(z.string(), z.string());
export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, 'expected a sha256 in lower-case hex');

export const headerList = z.array(z.tuple([z.string(), z.string()])).meta({ id: 'HeaderList' }) satisfies z.ZodType<HeaderList>;

export const body = z.union([
  z.object({ text: z.string(), truncated: count.optional() }),
  z.object({ base64: z.base64(), truncated: count.optional() }),
  z.object({ blob: sha256Hex, size: count, truncated: count.optional() }),
]).meta({ id: 'Body' }) satisfies z.ZodType<Body>;

/** A document of MongoDB as text. */
export const extendedJson = z.string().refine((text) => readExtendedJson(text) !== null, 'expected a document in Extended JSON');
