import { guarded } from '../../core/guard.js';
import type { Delivery, Incoming } from '../../core/incoming.js';
import { field, isFunction, methodOf } from '../../drivers/shared/values.js';
import { type Link, linkOf } from './link.js';
import { parsedOf } from './message.js';
import { openDelivery } from './protocol.js';

/** Iterators over the messages of a consumer of JetStream. */
const CONSUMERS = new Set(['PullConsumerMessagesImpl', 'PushConsumerMessagesImpl', 'OrderedConsumerMessages', 'TypedSubscription', 'JetStreamSubscriptionImpl']);

type Next = (...args: unknown[]) => Promise<IteratorResult<unknown, unknown>>;

/** Loops over messages: from one call of `next` to the next one runs the work of one message. */
export function patchIterators(exports: unknown, incoming: Incoming): void {
  const prototype = field(field(exports, 'QueuedIteratorImpl'), 'prototype');
  const original = typeof prototype === 'object' && prototype !== null ? (Reflect.get(prototype, Symbol.asyncIterator) as unknown) : undefined;
  if (!isFunction(original)) throw new Error('the client has no QueuedIteratorImpl');
  Object.defineProperty(prototype, Symbol.asyncIterator, {
    configurable: true, writable: true, enumerable: false,
    value(this: unknown, ...args: unknown[]): unknown {
      const iterator = original.apply(this, args);
      return isOfMessages(this) && !incoming.inScope() ? observed(this, iterator, incoming) : iterator;
    },
  });
}

function isOfMessages(iterable: unknown): boolean {
  const link = linkOf(field(iterable, 'protocol'));
  if (typeof iterable === 'object' && iterable !== null && link?.own.has(iterable)) return true;
  return CONSUMERS.has(String(field(field(iterable, 'constructor'), 'name')));
}

function observed(iterable: unknown, iterator: unknown, incoming: Incoming): AsyncIterator<unknown> {
  let current: Delivery | undefined;
  const next = methodOf(iterator, 'next') as Next;
  const finish = methodOf(iterator, 'return') as Next;
  const arrived = guarded('messages of NATS', (value: unknown, expected: ReturnType<Incoming['expect']>) => {
    const message = parsedOf(value);
    const handler = handlerOf(value);
    const link: Link | null = linkOf(handler);
    if (message === null || link === null) return;
    const subscription: unknown = methodOf(field(handler, 'subscriptions'), 'get')(message.sid) ?? iterable;
    current = openDelivery(link, message, subscription, { open: (one) => expected.arrived(one) });
  }, undefined);
  return {
    next: (...args: unknown[]) => {
      current?.over();
      current = undefined;
      const expected = incoming.expect();
      return next(...args).then((result) => {
        if (result.done !== true) arrived(result.value, expected);
        return result;
      });
    },
    return: (...args: unknown[]) => {
      current?.left();
      return finish(...args);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  } as AsyncIterator<unknown>;
}

/** The protocol handler that a message came through. */
function handlerOf(value: unknown): unknown {
  const inner = field(value, '_msg') === undefined ? field(value, 'msg') : value;
  return field(inner, 'publisher');
}
