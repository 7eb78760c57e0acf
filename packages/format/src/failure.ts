import type { Body, HeaderList } from './event.js';

/** A bounded, plain picture of a JavaScript value. */
export type Preview =
  | null
  | boolean
  | number
  | string
  | readonly Preview[]
  | { readonly [key: string]: Preview };
// What JSON cannot say is an object whose key begins with one `$` (a key of the value itself that begins so has a second one):
// {"$undefined":true}, {"$number":"NaN"}, {"$bigint":"5"}, {"$symbol":"s"}, {"$date":"…"}, {"$regexp":"a+"}, {"$function":"name"}, {"$getter":true} (not run),
// {"$error":"message","$class":"TypeError", …fields}, {"$class":"Order", …fields}, {"$map":[[key, value]]}, {"$set":[…]}, {"$bytes":"base64 of the first","$class":"Buffer"},
// {"$cut":"what was left out"}, which also stands among fields and at the end of lists.

export interface FrameScope {
  readonly type: 'local' | 'block' | 'closure' | 'catch' | 'module';
  readonly variables: Readonly<Record<string, Preview>>;
}

export interface Frame {
  readonly function?: string;
  /** Relative to the application's root where inside it (`src/orders.js`), else absolute; `node:…` for Node's own. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The application's own code: under its root and not in `node_modules`, or in the package that is the application. */
  readonly inApp: boolean;
  readonly scopes?: readonly FrameScope[];
}

export interface ErrorInfo {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly frames: readonly Frame[];
  readonly cause?: ErrorInfo;
  /** The members of an AggregateError. */
  readonly errors?: readonly ErrorInfo[];
  /** Own enumerable fields. */
  readonly fields?: Readonly<Record<string, Preview>>;
  /** Something other than an Error was thrown; `message` is its preview. */
  readonly nonError?: boolean;
}

export interface FailedResponse {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body?: Body;
}

/** `how` as the client library calls it: `nack`, `reject`, `nak`, `term`, `respondError`. */
export interface RefusedMessage {
  readonly how: string;
  /** AMQP: back into its queue. */
  readonly requeue?: boolean;
}

/** What went wrong. */
export interface Failure {
  /**
   * How it was noticed. `response`: an answer of 5xx; its error, if any, is the last one that the request's work showed (logged) before it.
   * `message`: the handler of a message threw or rejected, or refused the message.
   */
  readonly origin: 'framework' | 'response' | 'message' | 'uncaughtException' | 'unhandledRejection' | 'captureException';
  /** The process ended because of it. */
  readonly fatal: boolean;
  readonly error?: ErrorInfo;
  readonly response?: FailedResponse;
  /** The application refused the message that it was given. */
  readonly refused?: RefusedMessage;
  /** Number of the last event that had begun when it happened; 0 when none had. */
  readonly afterSeq: number;
  /** Milliseconds from the timeline's epoch. */
  readonly at?: number;
}
