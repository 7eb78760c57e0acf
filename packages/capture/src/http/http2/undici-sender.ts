import type { ClientHttp2Stream } from 'node:http2';
import type { LiveHttp } from '../http-event.js';

/** An exchange of undici that learns that it went over HTTP/2. */
export interface Http2Sender extends LiveHttp {
  overHttp2(stream: ClientHttp2Stream): void;
}

let sender: Http2Sender | undefined;

/** undici says which request it sends directly before it opens the stream, in one go. */
export function noteSender(exchange: Http2Sender): void {
  sender = exchange;
}

export function takeSender(): Http2Sender | undefined {
  const taken = sender;
  sender = undefined;
  return taken;
}
