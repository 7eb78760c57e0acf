import { guarded } from '../core/guard.js';
import type { RequestScope } from '../core/scope.js';
import { StackReads } from './stack-reads.js';

/** The last error that each request under way has shown. Weak: it must not live longer than its request is kept. */
export class ShownErrors {
  readonly #last = new WeakMap<RequestScope, Error>();
  /** What an error came after, in case it turns out not to have been shown. */
  readonly #noted = new WeakMap<Error, { readonly scope: RequestScope; readonly before: Error | undefined }>();
  readonly #reads: StackReads;

  /** @param scopeNow the request whose work is running */
  constructor(scopeNow: () => RequestScope | undefined) {
    this.#reads = new StackReads(guarded('the stack of an error', (error: Error) => this.note(scopeNow(), error), undefined));
  }

  note(scope: RequestScope | undefined, error: unknown): void {
    if (scope === undefined || scope.released || scope.endedAt !== undefined) return;
    // Deprecations and the like are errors by type only.
    if (!(error instanceof Error) || error.name.endsWith('Warning')) return;
    const before = this.#last.get(scope);
    if (before === error) return;
    this.#noted.set(error, { scope, before });
    this.#last.set(scope, error);
  }

  /** The debugger has looked at an error where it was thrown: that alone does not show it to anybody. */
  paused(error: unknown): void {
    if (!(error instanceof Error) || !this.#reads.paused(error)) return;
    const noted = this.#noted.get(error);
    if (noted === undefined || this.#last.get(noted.scope) !== error) return;
    if (noted.before === undefined) this.#last.delete(noted.scope);
    else this.#last.set(noted.scope, noted.before);
  }

  of(scope: RequestScope): { readonly value: Error } | undefined {
    const value = this.#last.get(scope);
    return value && { value };
  }

  forget(scope: RequestScope): void {
    this.#last.delete(scope);
  }
}

type PrepareStackTrace = (this: unknown, error: Error, trace: NodeJS.CallSite[]) => unknown;

/**
 * Many routes catch their errors, log them and answer 500 by themselves: no framework, and no process event, ever tells of such an error.
 * But whoever logs an error reads its `stack`, and V8 makes the text when it is first read, in the context of the reader, by
 * `Error.prepareStackTrace`. Node's own function is called for the text, so that stacks read as they did.
 * Where an application puts in a function of its own, that one counts, and nothing is seen.
 */
export function installShownErrors(shown: (error: unknown) => void): Disposable {
  const holder = Error as { prepareStackTrace?: unknown };
  const original = holder.prepareStackTrace;
  if (typeof original !== 'function') return { [Symbol.dispose]: () => undefined };
  const note = guarded('the stack of an error', shown, undefined);
  const prepareStackTrace: PrepareStackTrace = function prepareStackTrace(error, trace) {
    note(error);
    return (original as PrepareStackTrace).call(this, error, trace);
  };
  holder.prepareStackTrace = prepareStackTrace;
  return {
    [Symbol.dispose]() {
      if (holder.prepareStackTrace === prepareStackTrace) holder.prepareStackTrace = original;
    },
  };
}
