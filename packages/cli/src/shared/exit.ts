import { DejaError } from '@deja/format';

/** What the exit codes mean (the contract of the command line). */
export const EXIT = {
  ok: 0,
  /** The opposite verdict, or a required part of `doctor` failed. */
  opposite: 1,
  usage: 2,
  diverged: 3,
  /** Flaky or inconclusive. */
  unsure: 4,
  missing: 5,
  unreadable: 6,
  /** Ctrl-C, as shells count it. */
  interrupted: 130,
  /** A mistake in Deja itself (`EX_SOFTWARE` of sysexits). */
  internal: 70,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const UNREADABLE = /^DEJA_(?:PACKAGE|BLOB|FIXTURE_(?:SYNTAX|LOAD|DDL|PLAN)|PLAN_(?:MISSING|UNREADABLE|INVALID))/;
const USAGE = /^DEJA_(?:USAGE|PLAN_FOLDER|STUB_UNKNOWN)/;

/** Whatever Deja refuses on purpose is something the user lacks, unless it is about the package, the plan, its fixtures or the command line. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof DejaError)) return EXIT.internal;
  if (UNREADABLE.test(error.code)) return EXIT.unreadable;
  return USAGE.test(error.code) ? EXIT.usage : EXIT.missing;
}

/** A command line that cannot be meant. */
export function usageError(message: string, hint?: string): DejaError {
  return new DejaError('DEJA_USAGE', message, hint === undefined ? {} : { hint });
}
