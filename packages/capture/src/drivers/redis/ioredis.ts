import type { Instrumentation } from '../../core/instrumentation.js';
import type { Recorder } from '../../core/recorder.js';
import { hookModule } from '../../hooks/module-hooks.js';
import { noteNotCaptured } from '../../hooks/not-captured.js';
import { claimConnectionsOf } from '../../net/claims.js';
import { ConnectionEvent } from '../shared/connection-event.js';
import { stoppable } from '../shared/stoppable.js';
import { field, isFunction, textField } from '../shared/values.js';
import { wrapMethod } from '../shared/wrap.js';
import { clientEndpoint } from './client-endpoint.js';
import { RedisCommandEvent } from './command-event.js';
import { isMessage } from './message-reply.js';

export const ioredis: Instrumentation = {
  name: 'ioredis',
  install(recorder) {
    const [present, stop] = stoppable(recorder);
    hookModule('ioredis', (exports) => patch(exports, present), { versions: '>=4 <7' });
    hookModule('ioredis', (exports) => patchMessages(exports, present), { file: 'built/DataHandler', versions: '>=4 <7' });
    return stop;
  },
};

/** Kept on the command itself: weak maps with an entry per command cost the garbage collector dearly. */
const EVENT = Symbol('deja.command');

const attempts = new WeakMap<object, { readonly event: ConnectionEvent; error: unknown }>();

function patch(exports: unknown, recorder: Recorder): void {
  const Redis = field(exports, 'Redis') ?? field(exports, 'default') ?? exports;
  const prototype = field(Redis, 'prototype');
  if (typeof prototype !== 'object' || prototype === null) throw new Error('Redis has another shape than expected');
  const known = wrapMethod(prototype, 'sendCommand', (original) => function sendCommand(this: unknown, ...args) {
    try {
      begin(recorder, this, args[0]);
    } catch {
      // The command goes its way unobserved.
    }
    return original.apply(this, args);
  });
  if (!known) throw new Error('Redis has no sendCommand');
  claimConnectionsOf('ioredis');
  wrapMethod(prototype, 'setStatus', (original) => function setStatus(this: unknown, ...args) {
    connection(recorder, this, args[0]);
    return original.apply(this, args);
  });
  wrapMethod(prototype, 'silentEmit', (original) => function silentEmit(this: unknown, ...args) {
    const attempt = typeof this === 'object' && this !== null ? attempts.get(this) : undefined;
    if (attempt !== undefined && args[0] === 'error') attempt.error = args[1];
    return original.apply(this, args);
  });
}

function patchMessages(exports: unknown, recorder: Recorder): void {
  const prototype = field(field(exports, 'default'), 'prototype');
  if (typeof prototype !== 'object' || prototype === null) throw new Error('DataHandler has another shape than expected');
  wrapMethod(prototype, 'handleSubscriberReply', (original) => function handleSubscriberReply(this: unknown, ...args) {
    try {
      pushed(recorder, field(this, 'redis'), args[0]);
    } catch {
      // The message goes its way unobserved.
    }
    return original.apply(this, args);
  });
}

function pushed(recorder: Recorder, redis: unknown, reply: unknown): void {
  // Every reply comes by here.
  if (!field(field(redis, 'condition'), 'subscriber') || !isMessage(reply)) return;
  const stream = field(redis, 'stream');
  if (typeof stream === 'object' && stream !== null) RedisCommandEvent.pushed(recorder, clientEndpoint(redis), stream, reply);
}

/** A command passes here again when it was kept while offline, is sent once more after a lost connection, or goes to another node. */
function begin(recorder: Recorder, redis: unknown, command: unknown): void {
  if (typeof redis !== 'object' || redis === null || typeof command !== 'object' || command === null) return;
  const observed: { [EVENT]?: RedisCommandEvent } = command;
  if (observed[EVENT]?.ended === false) return;
  const name = textField(command, 'name');
  const values = field(command, 'args');
  if (name === undefined) return;
  const event = RedisCommandEvent.begin(recorder, clientEndpoint(redis), redis, [name, ...(Array.isArray(values) ? values : [])]);
  if (event === null) return;
  if (/^monitor$/i.test(name)) noteNotCaptured('the output of the Redis command MONITOR');
  observed[EVENT] = event;
  replace(command, 'resolve', (resolve) => function (this: unknown, ...args) {
    event.replied(args[0]);
    return resolve.apply(this, args);
  });
  replace(command, 'reject', (reject) => function (this: unknown, ...args) {
    event.failed(args[0]);
    return reject.apply(this, args);
  });
  replace(command, 'toWritable', (toWritable) => function (this: unknown, ...args) {
    const stream = field(redis, 'stream');
    event.sent(typeof stream === 'object' && stream !== null ? stream : redis, clientEndpoint(redis));
    return toWritable.apply(this, args);
  });
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

function replace(target: object, name: string, make: (original: Method) => Method): void {
  const original = field(target, name);
  if (isFunction(original)) Reflect.set(target, name, make(original));
}

function connection(recorder: Recorder, redis: unknown, status: unknown): void {
  if (typeof redis !== 'object' || redis === null) return;
  const attempt = attempts.get(redis);
  if (status === 'connecting') {
    const { host, port } = clientEndpoint(redis);
    attempts.set(redis, { event: ConnectionEvent.begin(recorder, 'redis', host, port), error: undefined });
  } else if (attempt !== undefined && status === 'connect') {
    attempt.event.established();
    attempts.delete(redis);
  } else if (attempt !== undefined && (status === 'close' || status === 'end' || status === 'reconnecting')) {
    // Given up by the application itself, it says nothing about the outside.
    if (attempt.error === undefined && field(redis, 'manuallyClosing') === true) attempt.event.established();
    else attempt.event.failed(attempt.error ?? new Error('Connection is closed.'));
    attempts.delete(redis);
  } else if (attempt === undefined && status === 'close') lost(recorder, redis);
}

function lost(recorder: Recorder, redis: object): void {
  const stream = field(redis, 'stream');
  if (!field(field(redis, 'condition'), 'subscriber') || field(redis, 'manuallyClosing') === true || typeof stream !== 'object' || stream === null) return;
  RedisCommandEvent.lost(recorder, clientEndpoint(redis), stream, new Error('Connection is closed.'));
}
