import type { Recorder } from '../../core/recorder.js';
import { field } from '../shared/values.js';
import { wrapMethod } from '../shared/wrap.js';
import { RedisCommandEvent } from './command-event.js';
import type { RedisEndpoint } from './endpoint.js';
import { isMessage } from './message-reply.js';

/** Where a queue of commands leads. */
export interface RedisLink {
  readonly endpoint: RedisEndpoint;
  readonly connection: object;
}

/** Methods of the queue that send what its table of subscriptions gives for them. */
const SENDING = ['subscribe', 'unsubscribe', 'resubscribe', 'extendPubSubChannelListeners', 'extendPubSubListeners'];
/** Methods of the table that give what is to be sent: a command, several, or nothing. */
const MAKING = ['subscribe', 'unsubscribe', 'resubscribe', 'extendChannelListeners', 'extendTypeListeners'];

/** The queue whose method is running, and what its table has given it: a table does not know its queue. */
let sending: { readonly link: RedisLink; readonly made: (readonly unknown[])[] } | undefined;
const tables = new WeakMap<object, RedisLink>();
const subscribed = new WeakSet();

/** Whether a connection has ever been subscribed to something. When it ends, its table calls itself inactive before anybody hears of it. */
export function hadSubscriptions(connection: object): boolean {
  return subscribed.has(connection);
}

/** Subscribing goes past the queue's `addCommand`. */
export function observeSubscriptions(queue: object, recorder: Recorder, linkOf: (queue: object) => RedisLink | undefined): void {
  for (const name of SENDING) {
    wrapMethod(queue, name, (original) => function observed(this: unknown, ...args) {
      const link = linkOf(this as object);
      if (link === undefined) return original.apply(this, args);
      const made: (readonly unknown[])[] = [];
      sending = { link, made };
      try {
        const promise = original.apply(this, args);
        if (promise instanceof Promise) follow(recorder, link, made, promise);
        return promise;
      } finally {
        sending = undefined;
      }
    });
  }
}

export function patchPubSub(exports: unknown, recorder: Recorder): void {
  const prototype = field(field(exports, 'PubSub'), 'prototype');
  if (typeof prototype !== 'object' || prototype === null) throw new Error('PubSub has another shape than expected');
  for (const name of MAKING) {
    wrapMethod(prototype, name, (original) => function making(this: unknown, ...args) {
      const given = original.apply(this, args);
      if (sending !== undefined) note(this as object, sending, given);
      return given;
    });
  }
  wrapMethod(prototype, 'handleMessageReply', (original) => function handleMessageReply(this: unknown, ...args) {
    const link = tables.get(this as object);
    try {
      if (link !== undefined && isMessage(args[0])) RedisCommandEvent.pushed(recorder, link.endpoint, link.connection, args[0]);
    } catch {
      // The message goes its way unobserved.
    }
    return original.apply(this, args);
  });
}

function note(table: object, { link, made }: { readonly link: RedisLink; readonly made: (readonly unknown[])[] }, given: unknown): void {
  tables.set(table, link);
  subscribed.add(link.connection);
  for (const command of Array.isArray(given) ? given : [given]) {
    const args = field(command, 'args');
    if (Array.isArray(args)) made.push(args);
  }
}

function follow(recorder: Recorder, { endpoint, connection }: RedisLink, made: readonly (readonly unknown[])[], promise: Promise<unknown>): void {
  const events = made.map((args) => RedisCommandEvent.begin(recorder, endpoint, connection, args));
  promise.then(
    () => {
      for (const event of events) event?.replied(null);
    },
    (error: unknown) => {
      for (const event of events) {
        event?.sent(connection);
        event?.failed(error);
      }
    },
  );
}
