import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KeptBytes } from './kept-bytes.js';
import type { Entry } from './entry.js';
import type { LiveMessage } from './incoming.js';
import type { NotedFailure } from '../failure/noted.js';

/** What is kept for one scope: its events and how many bytes they hold alive. */
export interface Kept {
  entries: Entry[];
  bytes: number;
  /** Events or bytes that were not kept for lack of budget. */
  dropped: number;
}

export interface BootScope extends Kept {
  readonly in: 'boot';
}

export interface BackgroundScope extends Kept {
  readonly in: 'background';
}

/** One incoming request (or one message that is consumed, or one call of `entry`) under way or just over. */
export interface RequestScope extends Kept {
  readonly in: 'request';
  /** Order of arrival among everything that begins. */
  order: number;
  at: number;
  endedAt: number | undefined;
  exchange: ServedExchange | undefined;
  /** What was consumed. */
  message: LiveMessage | undefined;
  /** Of work that was named with `entry`. */
  readonly name: string | undefined;
  failure: NotedFailure | undefined;
  /** Its package was written, or is being written. */
  packaged: boolean;
  /** Nothing of it is kept any more; what it still does is background work. */
  released: boolean;
  /** Replay: index of the recorded request that this one stands for. */
  recorded: number | undefined;
}

/** The two ends of an incoming HTTP exchange, by reference. */
export interface ServedExchange {
  readonly request: Pick<IncomingMessage, 'method' | 'url' | 'httpVersion' | 'rawHeaders' | 'socket'> & { readonly originalUrl?: unknown };
  /** `_header`: the head as it was written, for which Node has no public name. */
  readonly response: Pick<ServerResponse, 'headersSent' | 'statusCode'> & { readonly _header?: unknown };
  readonly received: KeptBytes;
  readonly sent: KeptBytes;
}

/** What a finished exchange still has to tell. Node's own objects, with all their streams and listeners, can go. */
export function settled({ request, response, received, sent }: ServedExchange): ServedExchange {
  const { method, url, httpVersion, rawHeaders, socket, originalUrl } = request;
  const { headersSent, statusCode, _header } = response;
  return { request: { method, url, httpVersion, rawHeaders, socket, originalUrl }, response: { headersSent, statusCode, _header }, received, sent };
}

export type ScopeState = BootScope | BackgroundScope | RequestScope;

export const emptyKept = (): Kept => ({ entries: [], bytes: 0, dropped: 0 });
