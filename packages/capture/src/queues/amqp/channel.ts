import { guarded } from '../../core/guard.js';
import type { Incoming } from '../../core/incoming.js';
import type { Recorder } from '../../core/recorder.js';
import { field, isFunction, textField } from '../../drivers/shared/values.js';
import { wrapMethod } from '../../drivers/shared/wrap.js';
import { BrokerEvent } from '../shared/broker-event.js';
import { brokerOf, channelOf } from './link.js';
import { AmqpMessage, rawOf } from './message.js';
import { ASKING, chosenFields, messageProperties, METHOD, SETTLING } from './methods.js';

/** Where a question goes to, by the beginning of its name. */
const DESTINATION: Readonly<Record<string, string>> = { exchange: 'exchange', queue: 'queue', basic: 'queue' };

/** Everything that is asked and heard on channels passes through their common class. */
export function patchChannel(exports: unknown, recorder: Recorder, incoming: Incoming): void {
  const prototype = field(field(exports, 'Channel'), 'prototype');
  const base = field(field(exports, 'BaseChannel'), 'prototype');
  if (typeof prototype !== 'object' || prototype === null || typeof base !== 'object' || base === null) throw new Error('the client has no Channel');
  const ask = guarded('questions of amqplib', (channel: unknown, args: readonly unknown[]) => asked(channel, args, recorder, incoming), null);
  const known = wrapMethod(prototype, 'sendOrEnqueue', (original) => function sendOrEnqueue(this: unknown, ...args) {
    const reply = ask(this, args);
    return original.apply(this, reply === null ? args : [args[0], args[1], reply]);
  });
  if (!known) throw new Error('the channel has no sendOrEnqueue');
  const publish = guarded('publishing by amqplib', (channel: unknown, args: readonly unknown[]) => published(channel, args, recorder), null);
  wrapMethod(prototype, 'sendMessage', (original) => function sendMessage(this: unknown, ...args) {
    const event = publish(this, args);
    try {
      const result = original.apply(this, args);
      if (!confirms(this)) event?.answered();
      return result;
    } catch (error) {
      event?.failed(error);
      throw error;
    }
  });
  const settle = guarded('acknowledgements of amqplib', (channel: unknown, method: unknown, fields: unknown) => settled(channel, method, fields, recorder), undefined);
  wrapMethod(prototype, 'sendImmediately', (original) => function sendImmediately(this: unknown, ...args) {
    settle(this, args[0], args[1]);
    return original.apply(this, args);
  });
  const hear = guarded('answers of amqplib', heard, undefined);
  wrapMethod(prototype, 'accept', (original) => function accept(this: unknown, ...args) {
    hear(this, args[0]);
    return original.apply(this, args);
  });
  const open = guarded('messages of amqplib', (channel: unknown, fields: unknown, message: unknown) => opened(channel, fields, message, incoming), null);
  wrapMethod(base, 'dispatchMessage', (original) => function dispatchMessage(this: unknown, ...args) {
    const delivery = open(this, args[0], args[1]);
    if (delivery === null) return original.apply(this, args);
    try {
      return delivery.run(() => delivery.follow(original.apply(this, args), false));
    } catch (error) {
      delivery.failed(error);
      throw error;
    }
  });
}

function confirms(channel: unknown): boolean {
  return isFunction(field(channel, 'waitForConfirms'));
}

function numberOf(channel: unknown): number {
  return Number(field(channel, 'ch') ?? 0);
}

/** Of a question with an answer: the callback that takes its place. */
function asked(channel: unknown, [method, fields, reply]: readonly unknown[], recorder: Recorder, incoming: Incoming): unknown {
  const operation = ASKING.get(Number(method));
  const broker = brokerOf(field(channel, 'connection'));
  if (operation === undefined || broker === null || !isFunction(reply) || typeof fields !== 'object' || fields === null) return null;
  const place = operation === 'exchange.bind' || operation === 'exchange.unbind' ? 'destination' : (DESTINATION[operation.split('.')[0] ?? ''] ?? 'queue');
  const event = BrokerEvent.begin(recorder, { broker, operation, channel: numberOf(channel), message: { destination: textField(fields, place) ?? '', properties: chosenFields(fields, place) } });
  const link = channelOf(channel);
  if (event !== null) link.lastAsked.set(Number(method), event);
  const inRequest = incoming.inScope();
  const answer = guarded('answers of amqplib', (error: unknown, frame: unknown) => {
    if (error) refused(event, error);
    else if (field(frame, 'id') === METHOD.getOk && event !== null) {
      link.arriving = { event, fields: field(frame, 'fields'), properties: undefined, left: 0, chunks: [] };
    } else {
      const told = field(frame, 'fields');
      event?.answered(typeof told === 'object' && told !== null && Object.keys(told).length > 0 ? { ...told } : undefined);
      const tag = textField(told, 'consumerTag');
      if (operation === 'basic.consume' && tag !== undefined) link.consumers.set(tag, { queue: textField(fields, 'queue') ?? '', noAck: field(fields, 'noAck') === true, within: inRequest ? event : undefined });
    }
  }, undefined);
  return function observed(this: unknown, ...args: unknown[]): unknown {
    answer(args[0], args[1]);
    return reply.apply(this, args);
  };
}

/** By the frame that closed the channel, or by an error of the client's. */
function refused(event: BrokerEvent | null, error: unknown): void {
  const fields = field(error, 'fields');
  const text = textField(fields, 'replyText');
  if (text === undefined) event?.failed(error);
  else event?.failed(Object.assign(new Error(text), { name: 'ChannelClosed' }), { code: String(field(fields, 'replyCode')) });
}

function published(channel: unknown, [fields, properties, content]: readonly unknown[], recorder: Recorder): BrokerEvent | null {
  const broker = brokerOf(field(channel, 'connection'));
  if (broker === null || typeof properties !== 'object' || properties === null) return null;
  const event = BrokerEvent.begin(recorder, {
    broker,
    operation: 'publish',
    channel: numberOf(channel),
    message: {
      destination: textField(fields, 'exchange') ?? '',
      key: textField(fields, 'routingKey'),
      properties: messageProperties({ ...properties, mandatory: field(fields, 'mandatory') }),
      body: content instanceof Uint8Array ? content : undefined,
    },
  });
  const link = channelOf(channel);
  if (event === null) return null;
  link.lastAsked.set(METHOD.publish, event);
  const waiting = field(channel, 'unconfirmed');
  if (confirms(channel) && Array.isArray(waiting)) link.publishedAs(Number(field(channel, 'lwm')) + waiting.length, event);
  return event;
}

function settled(channel: unknown, method: unknown, fields: unknown, recorder: Recorder): void {
  const operation = SETTLING.get(Number(method));
  const broker = brokerOf(field(channel, 'connection'));
  if (operation === undefined || broker === null || typeof fields !== 'object' || fields === null) return;
  const link = channelOf(channel);
  const event = BrokerEvent.begin(recorder, { broker, operation, channel: numberOf(channel), message: { destination: '', properties: chosenFields(fields, '') } });
  event?.answered();
  if (event !== null) link.lastAsked.set(Number(method), event);
  const requeue = field(fields, 'requeue') === true;
  link.settled(Number(field(fields, 'deliveryTag')), field(fields, 'multiple') === true, (delivery) => {
    if (operation === 'ack') delivery.settled();
    else delivery.refused({ how: operation, ...(requeue ? { requeue } : {}) });
  });
}

/** Before the channel looks at a frame. */
function heard(channel: unknown, frame: unknown): void {
  const link = channelOf(channel);
  const fields = field(frame, 'fields');
  const id = field(frame, 'id');
  if (link.arriving) arrive(channel, frame);
  if (id === METHOD.ack || id === METHOD.nack) {
    const multiple = field(fields, 'multiple') === true;
    link.confirmed(Number(field(fields, 'deliveryTag')), multiple, (event) => {
      if (multiple) event.told({ multiple });
      if (id === METHOD.ack) event.answered();
      else event.failed(new Error('message nacked'), { code: 'nack' });
    });
  } else if (id === METHOD.return) {
    link.lastAsked.get(METHOD.publish)?.told({ returned: { replyCode: field(fields, 'replyCode'), replyText: field(fields, 'replyText') } });
  } else if (id === METHOD.channelClose && field(channel, 'reply') === null) {
    const cause = (Number(field(fields, 'classId')) << 16) | Number(field(fields, 'methodId'));
    refused(link.lastAsked.get(cause) ?? null, frame);
  }
}

/** The message that `basic.get` asked for: its properties, then its content. */
function arrive(channel: unknown, frame: unknown): void {
  const link = channelOf(channel);
  const { arriving } = link;
  if (!arriving) return;
  const content = field(frame, 'content');
  if (field(frame, 'id') === METHOD.properties) {
    arriving.properties = field(frame, 'fields');
    arriving.left = Number(field(frame, 'size'));
  } else if (content instanceof Uint8Array) {
    arriving.chunks.push(content);
    arriving.left -= content.length;
  } else return;
  if (arriving.left > 0) return;
  link.arriving = undefined;
  const { event, fields, properties, chunks } = arriving;
  const messageCount = field(fields, 'messageCount');
  event.told({ messageCount });
  event.replied(rawOf({ fields, properties, content: Buffer.concat(chunks) }));
}

/** A message for one of the application's consumers begins its work. */
function opened(channel: unknown, fields: unknown, message: unknown, incoming: Incoming): ReturnType<Incoming['open']> | null {
  const link = channelOf(channel);
  const consumer = link.consumers.get(textField(fields, 'consumerTag') ?? '');
  const broker = brokerOf(field(channel, 'connection'));
  if (consumer === undefined || broker === null || typeof message !== 'object' || message === null) return null;
  const raw = rawOf({ fields, properties: field(message, 'properties'), content: field(message, 'content') });
  if (consumer.within !== undefined) {
    consumer.within?.replied(raw);
    return null;
  }
  const delivery = incoming.open(new AmqpMessage(raw, consumer.queue, broker));
  if (!consumer.noAck) {
    delivery.settles();
    link.deliveries.set(Number(field(fields, 'deliveryTag')), delivery);
  }
  return delivery;
}
