import type { core, ZodType } from 'zod';
import { explainIssue, type Problem } from './explain-issue.js';

/**
 * Compiled validators pay off after some thousand values, and most packages are read once, by a command that ends: jitless.
 * Zod's own validation stops at a container's first wrong child, its parsing only when told so by this internal switch.
 * Without it a million wrong values would be a million issues, and half a gigabyte of them.
 */
const ONCE: core.ParseContextInternal<core.$ZodIssue> = { abortEarly: true, jitless: true };

/** The first thing wrong with a value, or null. */
export function firstProblem(schema: ZodType, value: unknown): Problem | null {
  const checked = schema.safeParse(value, ONCE);
  return checked.success ? null : explainIssue(checked.error.issues, value);
}
