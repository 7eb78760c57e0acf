import type { RefusedMessage } from '@deja/format';
import type { Failures } from '../failure/failures.js';
import { guarded } from './guard.js';
import type { Delivery, Expected, Incoming, LiveMessage } from './incoming.js';
import type { RequestScope } from './scope.js';
import type { TimelineRecorder } from './timeline-recorder.js';

/** Messages that are never settled must not be kept for ever: the oldest is then taken to be over. */
const MOST_OPEN = 1000;

/** Gives every message that a client hands over a scope of its own, and says when its work has failed. */
export class IncomingMessages implements Incoming {
  readonly #recorder: TimelineRecorder;
  readonly #failures: Failures;
  readonly #open = new Set<Handling>();

  constructor(recorder: TimelineRecorder, failures: Failures) {
    this.#recorder = recorder;
    this.#failures = failures;
  }

  inScope(): boolean {
    const scope = this.#recorder.currentRequest();
    return scope !== undefined && !scope.released && scope.endedAt === undefined;
  }

  open(message: LiveMessage): Delivery {
    const scope = this.#recorder.openRequest(undefined);
    scope.message = message;
    return this.#opened(scope);
  }

  expect(): Expected {
    const scope = this.#recorder.expectRequest();
    return {
      arrived: (message) => {
        this.#recorder.arrived(scope, message);
        return this.#opened(scope);
      },
    };
  }

  #opened(scope: RequestScope): Delivery {
    const [oldest] = this.#open.size >= MOST_OPEN ? this.#open : [];
    oldest?.over();
    const handling = new Handling(scope, this.#recorder, this.#failures, () => void this.#open.delete(handling));
    this.#open.add(handling);
    guarded('the arrival of a message', () => this.#failures.opened(scope), undefined)();
    return handling;
  }
}

class Handling implements Delivery {
  readonly #scope: RequestScope;
  readonly #recorder: TimelineRecorder;
  readonly #failures: Failures;
  readonly #ended: () => void;
  #unsettled = false;
  /** The handler has come back, and left nothing to wait for but the message's being settled. */
  #returned = false;
  #over = false;

  constructor(scope: RequestScope, recorder: TimelineRecorder, failures: Failures, ended: () => void) {
    this.#scope = scope;
    this.#recorder = recorder;
    this.#failures = failures;
    this.#ended = ended;
  }

  settles(): void {
    this.#unsettled = true;
  }

  run<R>(fn: () => R): R {
    return this.#recorder.runIn(this.#scope, fn);
  }

  follow(result: unknown, handled: boolean): unknown {
    if (!isPromise(result)) {
      this.#returned = true;
      if (!this.#unsettled) this.over();
      return result;
    }
    return result.then(
      (value) => {
        this.over();
        return value;
      },
      (error: unknown) => {
        if (handled) this.failed(error);
        else {
          this.#failures.leaves(this.#scope, error);
          this.#overSoon();
        }
        throw error;
      },
    );
  }

  settled(): void {
    this.#unsettled = false;
    if (this.#returned) this.over();
  }

  refused(how: RefusedMessage): void {
    this.#unsettled = false;
    if (!this.#over) this.#failures.messageRefused(this.#scope, how);
    // What is written to a log after the refusal belongs to it.
    if (this.#returned) this.#overSoon();
  }

  failed(error: unknown): void {
    if (!this.#over) this.#failures.messageFailed(this.#scope, error);
    this.over();
  }

  left(): void {
    this.#unsettled = true;
    this.#overSoon();
  }

  over(): void {
    if (this.#over) return;
    this.#over = true;
    this.#ended();
    tellOver(this.#failures, this.#scope, this.#unsettled);
  }

  /** When the process has heard of a rejection that nobody handles. */
  #overSoon(): void {
    this.#recorder.unobserved(() => setImmediate(() => this.over()));
  }
}

const tellOver = guarded('the end of a message', (failures: Failures, scope: RequestScope, unsettled: boolean) => failures.messageOver(scope, unsettled), undefined);

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
