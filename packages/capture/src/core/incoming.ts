import type { MessageTrigger, RefusedMessage } from '@deja/format';
import type { Packing, Recorder } from './recorder.js';

/** A message that a broker's client hands to the application: references only. */
export interface LiveMessage {
  /** As the trigger has it. */
  readonly destination: string;
  readonly key?: string;
  /** Called only when a failure is packaged. */
  toTrigger(pack: Packing): MessageTrigger;
}

/** A client library of a broker: it observes what is asked of the broker, and opens a scope for every message that begins work. */
export interface QueueClient {
  readonly name: string;
  install(recorder: Recorder, incoming: Incoming): Disposable;
}

/** What begins work besides HTTP. Never throws. */
export interface Incoming {
  /** Whether the caller's work is that of a request, or of a message, already. */
  inScope(): boolean;
  open(message: LiveMessage): Delivery;
  /** The caller, a loop over messages, waits for the next one; everything after its `await` is in the scope of that. */
  expect(): Expected;
}

export interface Expected {
  arrived(message: LiveMessage): Delivery;
}

/** A message that the application has, from being handed over until its work is over. */
export interface Delivery {
  /** It has to be acknowledged (or refused), and was not yet. */
  settles(): void;
  run<R>(fn: () => R): R;
  /**
   * What the handler gave back: the work is over when a promise of it settles; else at once, or when the message is settled.
   * @param handled whether the client library handles a rejection by itself
   * @returns what is to be given back in its place: nobody's handling of a rejection is taken away
   */
  follow(result: unknown, handled: boolean): unknown;
  /** It was acknowledged, answered, or given up in order. */
  settled(): void;
  refused(how: RefusedMessage): void;
  failed(error: unknown): void;
  over(): void;
  /** A loop was left: by an error that nobody has told of yet, or because it had enough. */
  left(): void;
}
