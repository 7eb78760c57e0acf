import type { ErrorInfo, Failure, Frame } from '@deja/format';
import type { Divergence } from './divergence.js';
import { sameText, type Windows } from './values.js';

/** How many of the topmost in-app frames have to agree. */
const TOP_FRAMES = 8;

export interface FailureComparison {
  /** When a time in a text counts as read from the clock. */
  readonly windows: Windows;
  /** The code is known to differ from the recorded one: lines and columns may move. */
  readonly changedCode: boolean;
}

/** Null when both are the same failure: same error chain, same in-app top frames, same way of ending. */
export function compareFailures(recorded: Failure, replayed: Failure | null, options: FailureComparison): Divergence | null {
  if (replayed === null) return differs('the failure did not happen', summarise(recorded), 'no failure');
  if (recorded.fatal !== replayed.fatal) {
    return differs(recorded.fatal ? 'the process did not end' : 'the process ended', summarise(recorded), summarise(replayed));
  }
  if (recorded.error === undefined || replayed.error === undefined) {
    if (recorded.error !== replayed.error) return differs('another kind of failure', summarise(recorded), summarise(replayed));
    return compareStatus(recorded, replayed);
  }
  return compareErrors(recorded.error, replayed.error, options, 'error') ?? compareStatus(recorded, replayed);
}

function compareStatus({ response: recorded, refused: before }: Failure, { response: replayed, refused: after }: Failure): Divergence | null {
  if (before?.how !== after?.how || before?.requeue !== after?.requeue) return differs('the message was refused in another way', before?.how ?? 'not refused', after?.how ?? 'not refused');
  return recorded?.status === replayed?.status ? null : differs('another status', `status ${recorded?.status ?? 'none'}`, `status ${replayed?.status ?? 'none'}`);
}

function compareErrors(recorded: ErrorInfo, replayed: ErrorInfo, options: FailureComparison, path: string): Divergence | null {
  for (const field of ['name', 'code', 'message'] as const) {
    if (!sameField(recorded[field], replayed[field], options.windows)) {
      return differs(`${path}: another ${field}`, summariseError(recorded), summariseError(replayed));
    }
  }
  const then = topFrames(recorded).map((frame) => place(frame, options));
  const now = topFrames(replayed).map((frame) => place(frame, options));
  if (then.join('\n') !== now.join('\n')) return differs(`${path}: other frames`, then.join('\n'), now.join('\n'));
  if ((recorded.cause === undefined) !== (replayed.cause === undefined)) {
    return differs(`${path}: another cause`, summariseError(recorded.cause), summariseError(replayed.cause));
  }
  if (recorded.cause && replayed.cause) {
    const inCause = compareErrors(recorded.cause, replayed.cause, options, `${path}.cause`);
    if (inCause) return inCause;
  }
  return compareMembers(recorded.errors ?? [], replayed.errors ?? [], options, path);
}

function compareMembers(recorded: readonly ErrorInfo[], replayed: readonly ErrorInfo[], options: FailureComparison, path: string): Divergence | null {
  if (recorded.length !== replayed.length) return differs(`${path}: another number of errors`, String(recorded.length), String(replayed.length));
  for (const [index, error] of recorded.entries()) {
    const other = replayed[index];
    const inMember = other && compareErrors(error, other, options, `${path}.errors[${index}]`);
    if (inMember) return inMember;
  }
  return null;
}

function sameField(recorded: string | undefined, replayed: string | undefined, windows: Windows): boolean {
  return recorded === undefined || replayed === undefined ? recorded === replayed : sameText(recorded, replayed, windows);
}

/** The in-app frames; where none is, the topmost that are not Node's own. */
function topFrames(error: ErrorInfo): readonly Frame[] {
  const inApp = error.frames.filter((frame) => frame.inApp);
  const chosen = inApp.length > 0 ? inApp : error.frames.filter((frame) => !frame.file.startsWith('node:'));
  return chosen.slice(0, TOP_FRAMES);
}

function place(frame: Frame, { changedCode }: FailureComparison): string {
  const file = withoutInstallation(frame.file);
  return `${frame.function ?? '(anonymous)'} ${changedCode ? file : `${file}:${frame.line}:${frame.column}`}`;
}

/** A dependency is the same wherever it is installed. */
function withoutInstallation(file: string): string {
  return file.slice(Math.max(0, file.lastIndexOf('node_modules/')));
}

export function summarise(failure: Failure): string {
  const without = failure.refused ? `refused by ${failure.refused.how}` : `response ${failure.response?.status ?? 'missing'}`;
  const what = failure.error ? summariseError(failure.error) : without;
  return failure.fatal ? `${what} (the process ended)` : what;
}

function summariseError(error: ErrorInfo | undefined): string {
  if (error === undefined) return 'none';
  return `${error.name}${error.code === undefined ? '' : ` [${error.code}]`}: ${error.message}`;
}

function differs(summary: string, recorded: string, replayed: string): Divergence {
  return { where: 'failure', summary, recorded, replayed };
}
