import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import net from 'node:net';
import { guarded } from '../core/guard.js';
import type { Recorder } from '../core/recorder.js';
import { currentOperation } from '../drivers/operation.js';
import { noteSender } from './http2/undici-sender.js';
import { UndiciExchange, type UndiciRequest, type UndiciResponse } from './undici-exchange.js';

const EXCHANGE = Symbol('deja.exchange');

interface Observed extends UndiciRequest {
  [EXCHANGE]?: UndiciExchange;
}

interface Message {
  readonly request: Observed;
}

/**
 * undici of the application and the one inside Node (`fetch`), by their diagnostics channels. Chunks of bodies are published only since 7.15;
 * before, the methods of the single request that receive them are wrapped.
 */
export function installUndici(recorder: Recorder, cap: number): Disposable {
  const received = guarded('response bodies of undici', (exchange: UndiciExchange, chunk: unknown) => {
    if (chunk instanceof Uint8Array) exchange.receiving(chunk);
  }, undefined);
  const sent = guarded('request bodies of undici', (exchange: UndiciExchange, chunk: unknown) => exchange.sending(chunk), undefined);

  const created = ({ request }: Message): void => {
    const exchange = new UndiciExchange(request, cap, currentOperation());
    if (!exchange.begin(recorder)) return;
    request[EXCHANGE] = exchange;
    if (request.body === null) exchange.asked();
    wrap(request, 'onBodySent', (chunk) => sent(exchange, chunk));
    wrap(request, 'onData', (chunk) => received(exchange, chunk));
  };

  const handlers: Readonly<Record<string, (message: Message) => void>> = {
    'undici:request:create': created,
    'undici:client:sendHeaders': (message) => {
      const { headers, socket } = message as Message & { headers: unknown; socket?: net.Socket };
      const exchange = message.request[EXCHANGE];
      exchange?.headSent(headers, socket);
      if (exchange && socket instanceof net.Socket && message.request.upgrade === 'websocket') exchange.upgrading(socket);
      if (exchange && typeof headers === 'string' && headers.includes(':method: ')) noteSender(exchange);
    },
    'undici:request:bodySent': ({ request }) => request[EXCHANGE]?.bodySent(),
    'undici:request:bodyChunkReceived': (message) => {
      const exchange = message.request[EXCHANGE];
      if (exchange && typeof message.request.onData !== 'function') received(exchange, (message as Message & { chunk: unknown }).chunk);
    },
    'undici:request:headers': (message) => message.request[EXCHANGE]?.responseHead((message as Message & { response: UndiciResponse }).response),
    'undici:request:trailers': (message) => message.request[EXCHANGE]?.responseEnded((message as Message & { trailers?: readonly Uint8Array[] }).trailers ?? []),
    'undici:request:error': (message) => message.request[EXCHANGE]?.broke((message as Message & { error: unknown }).error),
  };
  // A subscriber that throws would end the process.
  const listeners = Object.entries(handlers).map(([channel, handler]) => {
    const safe = guarded(`the channel ${channel}`, handler, undefined);
    const listener = (message: unknown): void => safe(message as Message);
    subscribe(channel, listener);
    return { channel, listener };
  });
  return {
    [Symbol.dispose]() {
      for (const { channel, listener } of listeners) unsubscribe(channel, listener);
    },
  };
}

function wrap(request: UndiciRequest, name: 'onBodySent' | 'onData', tee: (chunk: unknown) => void): void {
  const original = request[name];
  if (typeof original !== 'function') return;
  request[name] = function wrapped(this: UndiciRequest, chunk: unknown) {
    tee(chunk);
    return original.call(this, chunk);
  };
}
