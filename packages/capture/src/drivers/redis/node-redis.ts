import type { Instrumentation } from '../../core/instrumentation.js';
import type { Recorder } from '../../core/recorder.js';
import { hookModule } from '../../hooks/module-hooks.js';
import { claimConnectionsOf } from '../../net/claims.js';
import { noteNotCaptured } from '../../hooks/not-captured.js';
import { ConnectionEvent } from '../shared/connection-event.js';
import { stoppable } from '../shared/stoppable.js';
import { field, isFunction } from '../shared/values.js';
import { wrapMethod } from '../shared/wrap.js';
import { nameOf } from '../shared/io-error.js';
import { RedisCommandEvent } from './command-event.js';
import { endpointOf, type RedisEndpoint } from './endpoint.js';
import { hadSubscriptions, observeSubscriptions, patchPubSub, type RedisLink } from './node-redis-pub-sub.js';

/**
 * node-redis. All commands of all kinds of clients pass through the queue of a connection, which does not know where it leads:
 * a client makes its queue and then, at once, the socket.
 */
export const nodeRedis: Instrumentation = {
  name: 'redis',
  install(recorder) {
    const [present, stop] = stoppable(recorder);
    const versions = '>=1 <7'; // of @redis/client: 1 belongs to redis 4
    hookModule('@redis/client', (exports) => patchQueue(exports, present), { file: 'dist/lib/client/commands-queue', versions });
    hookModule('@redis/client', (exports) => patchPubSub(exports, present), { file: 'dist/lib/client/pub-sub', versions });
    hookModule('@redis/client', (exports) => patchSocket(exports, present), { file: 'dist/lib/client/socket', versions });
    return stop;
  },
};

/** Errors that the client raises for commands that it has not written. Time-outs of commands end with the writing, too. */
const UNSENT = new Set(['ClientClosedError', 'ClientOfflineError', 'AbortError', 'TimeoutError', 'DisconnectsClientError']);

const links = new WeakMap<object, RedisLink>();
const endpoints = new WeakMap<object, RedisEndpoint>();
let newest: object | undefined;

function patchQueue(exports: unknown, recorder: Recorder): void {
  const prototype = replaceClass(exports, (queue) => (newest = queue));
  const known = wrapMethod(prototype, 'addCommand', (original) => function addCommand(this: unknown, ...args) {
    const event = begin(recorder, this, args[0]);
    const promise = original.apply(this, args);
    if (event === null || !(promise instanceof Promise)) return promise;
    // What is handed on in its place settles alike, and nobody's handling of a rejection is taken away.
    return promise.then(
      (reply: unknown) => {
        event.replied(reply);
        return reply;
      },
      (error: unknown) => {
        if (!UNSENT.has(nameOf(error) ?? '') && field(error, 'message') !== 'The queue is full') event.sent(links.get(this as object)?.connection ?? {});
        event.failed(error);
        throw error;
      },
    );
  });
  if (!known) throw new Error('the command queue has no addCommand');
  observeSubscriptions(prototype, recorder, (queue) => links.get(queue));
  wrapMethod(prototype, 'monitor', (original) => function noted(this: unknown, ...args) {
    noteNotCaptured('the output of the Redis command MONITOR');
    return original.apply(this, args);
  });
}

function begin(recorder: Recorder, queue: unknown, args: unknown): RedisCommandEvent | null {
  const link = typeof queue === 'object' && queue !== null ? links.get(queue) : undefined;
  if (link === undefined || !Array.isArray(args)) return null;
  try {
    return RedisCommandEvent.begin(recorder, link.endpoint, link.connection, args);
  } catch {
    return null;
  }
}

function patchSocket(exports: unknown, recorder: Recorder): void {
  claimConnectionsOf('@redis/client');
  const prototype = replaceClass(exports, (socket, args) => {
    const endpoint = endpointOf(args.at(-1));
    endpoints.set(socket, endpoint);
    if (newest !== undefined) links.set(newest, { endpoint, connection: socket });
    newest = undefined;
  });
  wrapMethod(prototype, 'connect', (original) => function connect(this: unknown, ...args) {
    if (typeof this === 'object' && this !== null && !field(this, 'isOpen')) follow(recorder, this);
    return original.apply(this, args);
  });
}

/** Attempts to connect follow one another until one succeeds. */
function follow(recorder: Recorder, socket: object): void {
  const endpoint = endpoints.get(socket);
  const on = field(socket, 'on');
  if (endpoint === undefined || !isFunction(on)) return;
  const attempt = (): ConnectionEvent => ConnectionEvent.begin(recorder, 'redis', endpoint.host, endpoint.port);
  let current: ConnectionEvent | undefined = attempt();
  on.call(socket, 'connect', () => {
    current?.established();
    current = undefined;
  });
  on.call(socket, 'error', (error: unknown) => {
    if (current === undefined && hadSubscriptions(socket)) RedisCommandEvent.lost(recorder, endpoint, socket, error);
    current?.failed(error);
    current = undefined;
  });
  on.call(socket, 'reconnecting', () => (current ??= attempt()));
}

/** Has `made` called with every instance of a module's default class; returns the class's prototype. */
function replaceClass(exports: unknown, made: (instance: object, args: readonly unknown[]) => void): object {
  const original = field(exports, 'default');
  if (typeof exports !== 'object' || exports === null || !isFunction(original)) throw new Error('the client has another shape than expected');
  const prototype = field(original, 'prototype');
  if (typeof prototype !== 'object' || prototype === null) throw new Error('the client has another shape than expected');
  const observed = new Proxy(original, {
    construct(target, args: unknown[], newTarget) {
      const instance = Reflect.construct(target, args, newTarget) as object;
      made(instance, args);
      return instance;
    },
  });
  if (!Reflect.set(exports, 'default', observed)) throw new Error('the class of the client cannot be replaced');
  return prototype;
}
