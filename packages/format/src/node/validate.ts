import type { core, ZodType } from 'zod';
import { explainIssue, type Problem } from './explain-issue.js';

/**
 * Zod's own validation stops at a container's first wrong child, its parsing only when told so by this internal switch.
 * Without it a million wrong values would be a million issues, and half a gigabyte of them.
 */
const STOP_EARLY: core.ParseContextInternal<core.$ZodIssue> = { abortEarly: true };

/** The first thing wrong with a value, or null. */
export function firstProblem(schema: ZodType, value: unknown): Problem | null {
  const checked = schema.safeParse(value, STOP_EARLY);
  return checked.success ? null : explainIssue(checked.error.issues, value);
}
