import type { Failure, RefusedMessage } from '@deja/format';
import { now } from '../core/clock.js';
import type { Packager } from '../core/packager.js';
import type { RequestScope } from '../core/scope.js';
import type { TimelineRecorder } from '../core/timeline-recorder.js';
import type { Lifecycle } from '../http/server.js';
import type { NotedFailure } from './noted.js';
import { ShownErrors } from './shown-errors.js';
import type { Replaying } from './replaying.js';

/** Decides what is a failure, of which request, and when it is packaged: one failure, one package. */
export class Failures implements Lifecycle {
  readonly #recorder: TimelineRecorder;
  readonly #packager: Packager;
  readonly #replaying: Replaying | undefined;
  /** Errors that were reported: on their way through handlers they are seen again. */
  readonly #known = new WeakSet<object>();
  readonly #owners = new WeakMap<object, RequestScope>();
  readonly #shown: ShownErrors;

  constructor(recorder: TimelineRecorder, packager: Packager, replaying?: Replaying) {
    this.#recorder = recorder;
    this.#packager = packager;
    this.#replaying = replaying;
    this.#shown = new ShownErrors(() => recorder.currentRequest());
  }

  opened(scope: RequestScope): void {
    this.#replaying?.opened(scope);
  }

  /** A framework was handed an error by its request handler. Whether it is a failure the answer tells. */
  handled(scope: RequestScope | undefined, error: unknown): void {
    const owner = scope ?? this.#recorder.currentRequest();
    if (owner && !owner.released) owner.failure ??= this.#noted('framework', { value: error });
  }

  /** The application reports an error itself. */
  reported(error: unknown): void {
    if (this.#isKnown(error)) return;
    const failure = this.#noted('captureException', { value: error });
    const scope = this.#recorder.currentRequest();
    if ((scope?.exchange ?? scope?.message) && scope?.endedAt === undefined) {
      if (scope.failure?.origin !== 'captureException') scope.failure = failure;
    } else {
      this.#write(scope?.released ? undefined : scope, failure, false);
    }
  }

  ending(scope: RequestScope): void {
    const response = scope.exchange?.response;
    // Noted here and not when the answer is out: a replay must see the same place.
    if (response && response.statusCode >= 500) scope.failure ??= this.#noted('response', this.#shown.of(scope));
    if (this.#replaying) this.#settle(scope, true);
    else if (scope.failure) this.#packager.leaving(scope, () => this.#settle(scope, true));
  }

  closed(scope: RequestScope, finished: boolean): void {
    this.#recorder.closeRequest(scope);
    if (!scope.packaged) this.#settle(scope, finished);
    this.#packager.left(scope);
    this.#shown.forget(scope);
  }

  /** Somebody read the stack of an error, most likely in order to log it. When the answer is a 5xx that nothing else explains, this does. */
  shown(error: unknown): void {
    this.#shown.note(this.#recorder.currentRequest(), error);
  }

  /** The program is paused by the debugger for locals, where this was thrown. */
  pausedAt(error: unknown): void {
    this.#shown.paused(error);
  }

  /** The handler of a message threw, or rejected and somebody handles that. */
  messageFailed(scope: RequestScope, error: unknown): void {
    this.#isKnown(error);
    scope.failure = scope.failure ? { thrown: { value: error }, ...scope.failure } : this.#noted('message', { value: error });
  }

  /** Noted here and not when the work is over: a replay must see the same place. */
  messageRefused(scope: RequestScope, refused: RefusedMessage): void {
    scope.failure ??= { ...this.#noted('message', this.#shown.of(scope)), refused };
  }

  /** The work that a message began is over. `unsettled`: it should have been acknowledged and was not. */
  messageOver(scope: RequestScope, unsettled: boolean): void {
    const shown = this.#shown.of(scope);
    if (scope.failure?.origin === 'message' && shown) scope.failure = { thrown: shown, ...scope.failure };
    else if (unsettled && shown) scope.failure ??= this.#noted('message', shown);
    this.closed(scope, true);
  }

  /** Work of this scope ended with this error, which nobody handles: the process will hear of it. */
  leaves(scope: RequestScope, error: unknown): void {
    if (typeof error === 'object' && error !== null) this.#owners.set(error, scope);
  }

  /** An error that reached the process. `fatal`: nobody handles it. */
  reachedProcess(error: unknown, origin: 'uncaughtException' | 'unhandledRejection', fatal: boolean): void {
    const current = this.#ownerOf(error) ?? this.#recorder.currentRequest();
    const scope = current?.released ? undefined : (current ?? this.#recorder.onlyRunning());
    const known = this.#isKnown(error);
    if (known && !fatal) return;
    if (scope?.packaged && !this.#replaying && known) return;
    const failure = this.#noted(origin, { value: error });
    if (scope) scope.packaged = true;
    this.#write(scope, failure, fatal, true);
  }

  #settle(scope: RequestScope, finished: boolean): void {
    const failure = failureOf(scope, finished);
    if (failure) {
      scope.packaged = true;
      this.#write(scope, failure, false);
    } else if (this.#replaying) {
      scope.packaged = true;
      this.#packager.packageNow(scope, null, false, this.#replaying.fileOf(scope));
    }
  }

  #write(scope: RequestScope | undefined, failure: NotedFailure, fatal: boolean, processLevel = false): void {
    const name = this.#replaying?.fileOf(scope);
    if (fatal || name !== undefined) this.#packager.packageNow(scope, failure, fatal, name, processLevel);
    else this.#packager.package(scope, failure, processLevel);
  }

  #noted(origin: Failure['origin'], thrown?: { readonly value: unknown }): NotedFailure {
    return { origin, ...(thrown ? { thrown } : {}), at: now(), afterOrder: this.#recorder.lastOrder() };
  }

  #ownerOf(error: unknown): RequestScope | undefined {
    return typeof error === 'object' && error !== null ? this.#owners.get(error) : undefined;
  }

  #isKnown(error: unknown): boolean {
    if (typeof error !== 'object' || error === null) return false;
    if (this.#known.has(error)) return true;
    this.#known.add(error);
    return false;
  }
}

function failureOf(scope: RequestScope, finished: boolean): NotedFailure | undefined {
  const { failure, exchange } = scope;
  if (!failure || failure.origin === 'captureException' || failure.origin === 'message') return failure;
  if (!exchange?.response.headersSent) return undefined;
  // An error below 500 is an answer like any other. One after the head was sent can only cut the connection.
  return exchange.response.statusCode >= 500 || !finished ? failure : undefined;
}
