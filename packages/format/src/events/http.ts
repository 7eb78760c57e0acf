/** HTTP in all its versions, WebSocket; S3 is HTTP with attributes. */
import type { Body, EventBase, Outcome } from './base.js';

export type HeaderList = readonly (readonly [name: string, value: string])[];

/** An answer before the answer: 100 Continue, 103 Early Hints. */
export interface InformationalResponse {
  readonly status: number;
  readonly headers: HeaderList;
  /** Milliseconds from the beginning of the exchange. */
  readonly ms: number;
  /** As `early` of the response. */
  readonly after?: number;
}

/** A WebSocket message or control frame, whole: fragments joined, compression undone. Text and binary messages have a `body`, and a `ping` or `pong` with a payload. */
export interface WebSocketMessage {
  readonly from: 'client' | 'server';
  /** Milliseconds since the head of the answer. */
  readonly ms: number;
  readonly type: 'text' | 'binary' | 'ping' | 'pong' | 'close';
  readonly body?: Body;
  /** Of a close frame, where it has one. */
  readonly code?: number;
  readonly reason?: string;
  /** It was compressed (permessage-deflate). */
  readonly compressed?: boolean;
  /** It came in fragments: `[milliseconds since the head, bytes of payload on the wire]` of each. */
  readonly fragments?: readonly (readonly [ms: number, bytes: number])[];
  /** The connection ended within it. */
  readonly unfinished?: boolean;
}

/** Where an answer began, or ended, before the request was over: how many bytes of the request's body had been sent by then. */
export interface EarlyAnswer {
  readonly head?: number;
  readonly end?: number;
}

export interface HttpResponse {
  readonly status: number;
  readonly statusText?: string;
  /** `1.0`, `1.1`, `2.0`. */
  readonly httpVersion?: string;
  /** In wire order and case; without the pseudo-headers of HTTP/2. */
  readonly headers: HeaderList;
  readonly trailers?: HeaderList;
  /** Bytes as on the wire after transfer decoding, before content decoding. */
  readonly body?: Body;
  /** Milliseconds from the beginning of the exchange to the response's head. */
  readonly ttfb?: number;
  /** `[milliseconds since the head, bytes]` of every body chunk. Third, where the request was not over: how many bytes of its body had been sent. */
  readonly chunks?: readonly HttpChunk[];
  readonly informational?: readonly InformationalResponse[];
  readonly early?: EarlyAnswer;
  /** HTTP/2: the server said on this connection, while the exchange was open, that it takes no more requests (GOAWAY with its error code). */
  readonly goaway?: { readonly code: number; readonly ms: number };
  /** What went over the connection after the upgrade to WebSocket, in the order in which the client saw it. */
  readonly messages?: readonly WebSocketMessage[];
  /** What came next, or in place of an answer, and is no HTTP. */
  readonly unparsed?: Body;
}

export type HttpChunk = readonly [ms: number, bytes: number] | readonly [ms: number, bytes: number, sent: number];

export interface HttpEvent extends EventBase {
  readonly kind: 'http';
  /** Set where a client library says what it is about: `s3`. Attributes then carry `rpc.method`, `aws.s3.bucket`, `aws.s3.key`. */
  readonly service?: string;
  /** Absent: HTTP/1. */
  readonly protocol?: 'h2' | 'websocket';
  /** `PRI` (the preface of HTTP/2) is a connection that failed before its first request. */
  readonly method: string;
  /** Absolute: `https://payments.example:8443/v1/charge?x=1`. WebSocket: `http` and `https` too. */
  readonly url: string;
  /** In wire order and case; of the pseudo-headers of HTTP/2 only an `:authority` that is not the one of the URL. */
  readonly headers: HeaderList;
  readonly body?: Body;
  /** `[milliseconds since the beginning, bytes]` of every piece of the body, where there are several. */
  readonly chunks?: readonly HttpChunk[];
  /** HTTP/2. */
  readonly trailers?: HeaderList;
  /** The body had not been ended when the exchange was over. */
  readonly unfinished?: boolean;
  /** The address that was dialled, where known. */
  readonly peer?: { readonly address: string; readonly port: number };
  readonly outcome: Outcome<HttpResponse>;
}
