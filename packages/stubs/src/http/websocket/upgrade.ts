import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpExchange } from '../../plan.js';
import { answerOf } from '../early.js';

/** Of RFC 6455: proves that a server has understood the request. */
const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The recorded head of the answer, for the key that this client has made up. */
export function upgradeHead(exchange: HttpExchange, request: IncomingMessage): Buffer {
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key'] ?? ''}${MAGIC}`).digest('base64');
  const { statusText, headers } = answerOf(exchange);
  const lines = (headers ?? []).map(([name, value]) => `${name}: ${name.toLowerCase() === 'sec-websocket-accept' ? accept : value}\r\n`);
  return Buffer.from(`HTTP/1.1 101 ${statusText ?? 'Switching Protocols'}\r\n${lines.join('')}\r\n`, 'latin1');
}

/** For a request of an upgrade that is answered otherwise: Node makes no response for those. */
export function plainResponse(request: IncomingMessage): ServerResponse {
  const { ServerResponse: Response } = process.getBuiltinModule('node:http');
  const response = new Response(request);
  response.assignSocket(request.socket);
  response.on('finish', () => {
    if (!response.shouldKeepAlive) request.socket.destroySoon();
  });
  return response;
}
