import { guarded } from '../../core/guard.js';
import type { Delivery, Incoming } from '../../core/incoming.js';
import type { Recorder } from '../../core/recorder.js';
import { ConnectionEvent } from '../../drivers/shared/connection-event.js';
import { field, isFunction, methodOf, textField } from '../../drivers/shared/values.js';
import { wrapMethod } from '../../drivers/shared/wrap.js';
import { BrokerEvent } from '../shared/broker-event.js';
import { type Link, linkOf } from './link.js';
import { ACK_PREFIX, givenHeaders, NatsMessage, parsed, parsedOf, PULL_PREFIX, rawOf, type Parsed } from './message.js';

const ERROR_HEADER = 'nats-service-error-code';
const DEFAULT_PORT = 4222;
const VIOLATION = /Permissions Violation for (Publish|Subscription) to "([^"]+)"/i;
const established = new WeakSet<object>();

/** Everything that a client says and hears passes through its protocol handler. */
export function patchProtocol(exports: unknown, recorder: Recorder, incoming: Incoming): void {
  const prototype = field(field(exports, 'ProtocolHandler'), 'prototype');
  if (typeof prototype !== 'object' || prototype === null) throw new Error('the client has no ProtocolHandler');
  const begin = guarded('publishing to NATS', (handler: unknown, args: readonly unknown[]) => published(handler, args, recorder), null);
  const known = wrapMethod(prototype, 'publish', (original) => function publish(this: unknown, ...args) {
    const event = begin(this, args);
    try {
      const result = original.apply(this, args);
      if (!replyOf(args)) event?.answered();
      return result;
    } catch (error) {
      event?.failed(error);
      throw error;
    }
  });
  if (!known) throw new Error('the protocol handler has no publish');
  const subscribing = guarded('subscriptions of NATS', (handler: unknown, subscription: unknown) => subscribed(handler, subscription, recorder, incoming), undefined);
  wrapMethod(prototype, 'subscribe', (original) => function subscribe(this: unknown, ...args) {
    subscribing(this, args[0]);
    return original.apply(this, args);
  });
  const receiving = guarded('messages of NATS', received, undefined);
  wrapMethod(prototype, 'processMsg', (original) => function processMsg(this: unknown, ...args) {
    receiving(this, args[0], args[1]);
    return original.apply(this, args);
  });
  const refusing = guarded('errors of NATS', errorArrived, undefined);
  wrapMethod(prototype, 'processError', (original) => function processError(this: unknown, ...args) {
    refusing(this, args[0]);
    return original.apply(this, args);
  });
  const losing = guarded('lost connections of NATS', (handler: unknown, error: unknown) => lost(handler, error, recorder), undefined);
  wrapMethod(prototype, 'disconnected', (original) => function disconnected(this: unknown, ...args) {
    losing(this, args[0]);
    return original.apply(this, args);
  });
  wrapMethod(prototype, 'dial', (original) => function dial(this: unknown, ...args) {
    const [host, port] = [textField(args[0], 'hostname') ?? 'localhost', Number(field(args[0], 'port') ?? DEFAULT_PORT)];
    const event = ConnectionEvent.begin(recorder, 'nats', host, port, (pack) => void pack.server({ kind: 'nats', ...linkOf(this)?.broker.info(), host, port }));
    const attempt = original.apply(this, args);
    if (!(attempt instanceof Promise)) return attempt;
    return attempt.then(
      (value: unknown) => {
        const transport = field(this, 'transport');
        if (typeof transport === 'object' && transport !== null) established.add(transport);
        event.established();
        const link = linkOf(this);
        if (link !== null) BrokerEvent.connected(recorder, link.broker);
        return value;
      },
      (error: unknown) => {
        event.failed(error);
        throw error;
      },
    );
  });
}

function replyOf(args: readonly unknown[]): string {
  return textField(args[2], 'reply') ?? '';
}

function published(handler: unknown, args: readonly unknown[], recorder: Recorder): BrokerEvent | null {
  const link = linkOf(handler);
  const [subject, body, options] = args;
  if (link === null || typeof subject !== 'string') return null;
  const reply = replyOf(args);
  if (subject.startsWith(PULL_PREFIX) && !pulledInRequest(handler, link, reply)) return null;
  const text = typeof body === 'string' ? body : body instanceof Uint8Array ? Buffer.from(body.subarray(0, 5)).toString() : '';
  const operation = subject.startsWith(ACK_PREFIX) ? settlement(text) : reply === '' ? 'publish' : 'request';
  const given = field(options, 'headers');
  const event = BrokerEvent.begin(recorder, {
    broker: link.broker,
    operation,
    message: { destination: subject, headers: given === undefined ? undefined : () => givenHeaders(given), body: body instanceof Uint8Array || typeof body === 'string' ? body : undefined },
  });
  if (event !== null && reply !== '') link.remember('requests', reply, event);
  if (event !== null) link.remember('lastAsked', `Publish ${subject}`, event);
  const delivery = link.deliveries.get(subject);
  if (delivery !== undefined) settle(delivery, operation, given, () => link.deliveries.delete(subject));
  return event;
}

function settlement(text: string): string {
  if (text.startsWith('-NAK')) return 'nak';
  if (text.startsWith('+TERM')) return 'term';
  return text.startsWith('+WPI') ? 'working' : 'ack';
}

function settle(delivery: Delivery, operation: string, headers: unknown, done: () => void): void {
  if (operation === 'working') return;
  done();
  const isError = headers !== undefined && givenHeaders(headers).some(([name]) => name.toLowerCase() === ERROR_HEADER);
  if (operation === 'nak' || operation === 'term') delivery.refused({ how: operation });
  else if (isError) delivery.refused({ how: 'respondError' });
  else delivery.settled();
}

/** Loops over a consumer pull by themselves, whenever they have room: only pulls that a request's own work made are of interest. */
function pulledInRequest(handler: unknown, link: Link, reply: string): boolean {
  const all = field(field(handler, 'subscriptions'), 'subs');
  if (!(all instanceof Map)) return false;
  const inbox: unknown = [...all.values()].find((one) => {
    const subject = textField(one, 'subject') ?? '';
    return subject === reply || (/\.[*>]$/.test(subject) && reply.startsWith(subject.slice(0, -1)));
  });
  return typeof inbox === 'object' && inbox !== null && link.inRequest.has(inbox);
}

function subscribed(handler: unknown, subscription: unknown, recorder: Recorder, incoming: Incoming): void {
  const link = linkOf(handler);
  const subject = textField(subscription, 'subject');
  if (link === null || subject === undefined || typeof subscription !== 'object' || subscription === null) return;
  const inRequest = incoming.inScope();
  const isInbox = subject.startsWith(`${textField(field(handler, 'options'), 'inboxPrefix') ?? '_INBOX'}.`);
  const queue = textField(subscription, 'queue');
  const event = isInbox ? null : BrokerEvent.begin(recorder, { broker: link.broker, operation: 'subscribe', message: { destination: subject, properties: queue === undefined ? undefined : { queue } } });
  event?.answered();
  if (event !== null) link.remember('lastAsked', `Subscription ${subject}`, event);
  if (inRequest) link.inRequest.set(subscription, event);
  else if (!isInbox) {
    link.own.add(subscription);
    if (field(subscription, 'noIterator') === true) wrapCallback(link, subscription, incoming);
  }
}

function wrapCallback(link: Link, subscription: object, incoming: Incoming): void {
  const callback = field(subscription, 'callback');
  if (!isFunction(callback)) return;
  const opened = guarded('messages of NATS', (message: Parsed) => openDelivery(link, message, subscription, incoming), null);
  Reflect.set(subscription, 'callback', function observed(this: unknown, ...args: unknown[]): unknown {
    const message = args[0] ? null : parsedOf(args[1]);
    const delivery = message && opened(message);
    if (delivery === null) return callback.apply(this, args);
    try {
      return delivery.run(() => delivery.follow(callback.apply(this, args), false));
    } catch (error) {
      delivery.failed(error);
      throw error;
    }
  });
}

/** A message begins its work. One of JetStream has to be settled. */
export function openDelivery(link: Link, message: Parsed, subscription: unknown, incoming: { open(message: NatsMessage): Delivery }): Delivery {
  const delivery = incoming.open(new NatsMessage(message, subscription, link.broker));
  const { reply } = message;
  if (reply !== '') link.deliveries.set(reply, delivery);
  if (reply.startsWith(ACK_PREFIX)) delivery.settles();
  return delivery;
}

/** Before the client looks at a message: replies belong to what was asked. */
function received(handler: unknown, msg: unknown, data: unknown): void {
  const link = linkOf(handler);
  if (link === null) return;
  const message = parsed(msg, data);
  const subscription: unknown = methodOf(field(handler, 'subscriptions'), 'get')(message.sid);
  const asked = link.requests.get(message.subject) ?? link.requests.get(textField(subscription, 'subject') ?? '');
  const gathering = typeof subscription === 'object' && subscription !== null ? link.inRequest.get(subscription) : undefined;
  (asked ?? gathering)?.replied(rawOf(message));
}

function errorArrived(handler: unknown, bytes: unknown): void {
  const link = linkOf(handler);
  if (link === null || !(bytes instanceof Uint8Array)) return;
  const text = Buffer.from(bytes).toString().trim().replace(/^'|'$/g, '');
  const [, what, subject] = VIOLATION.exec(text) ?? [];
  const error = Object.assign(new Error(text), { name: 'NatsServerError' });
  if (what === undefined || subject === undefined) link.lastError = text;
  else link.lastAsked.get(`${what[0]?.toUpperCase() ?? ''}${what.slice(1).toLowerCase()} ${subject}`)?.failed(error, { code: '-ERR' });
}

/** A connection that had been made is gone, and not because the application wanted that. */
function lost(handler: unknown, error: unknown, recorder: Recorder): void {
  const link = linkOf(handler);
  const transport = field(handler, 'transport');
  if (link === null || typeof transport !== 'object' || transport === null || !established.has(transport)) return;
  const event = BrokerEvent.begin(recorder, { broker: link.broker, operation: 'disconnect', message: { destination: '' } });
  if (link.lastError === undefined) event?.failed(error instanceof Error ? error : new Error('the connection was closed'));
  else event?.failed(Object.assign(new Error(link.lastError), { name: 'NatsServerError' }), { code: '-ERR' });
  link.lastError = undefined;
}
