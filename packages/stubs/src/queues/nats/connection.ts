import type { Socket } from 'node:net';
import type { MessageReply, MessageTrigger } from '@deja/format';
import { NATS_OK, NATS_PONG, type NatsClientOperation, NatsClientParser, type NatsDelivery, natsError, natsInfo, natsMessage, natsSubjectMatches, readNatsHeaders, WireError } from '@deja/wire';
import type { BrokerStubPlan, MessageExchange } from '../../plan.js';
import type { StubRuntime } from '../../runtime.js';
import type { Consumers } from '../broker-stub.js';
import type { LostConnections } from '../lost-connections.js';
import { describeQuestion, type MessageLedger, type MessageQuestion } from '../match.js';
import { refusalOf } from '../refusal.js';
import { Pull, PULL_PREFIX, settlementOf } from './jetstream.js';

/** What all connections to a stub have in common. */
export interface NatsShared {
  readonly stub: string;
  readonly plans: readonly BrokerStubPlan[];
  readonly runtime: StubRuntime;
  readonly ledger: MessageLedger;
  readonly consumers: Consumers<NatsConsumer>;
  readonly losses: LostConnections;
}

/** Somebody who takes messages: a subscription, or a pull. */
export interface NatsConsumer {
  readonly subject: string;
  readonly queue: string;
  give(message: MessageTrigger, payload: Buffer): void;
}

interface Subscription extends NatsConsumer {
  readonly sid: string;
  max: number | undefined;
  received: number;
}

type Publish = Extract<NatsClientOperation, { op: 'PUB' }>;
const VERSION = '2.9.10';
const MAX_PAYLOAD = 1024 * 1024;
const NO_RESPONDERS = '503';
const INBOX = '_INBOX.';

/** One client's connection. */
export class NatsConnection {
  readonly #shared: NatsShared;
  readonly #parser = new NatsClientParser();
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #pulls = new Set<Pull>();
  readonly #attempt: number;
  #socket: Socket;
  #verbose = false;
  /** The recorded connection that this one follows, once it has asked something of it. */
  #session: number | undefined;

  /** `secure`: what makes the connection an encrypted one, after the server's first word. */
  constructor(socket: Socket, shared: NatsShared, attempt: number, secure: ((plain: Socket) => Socket) | undefined) {
    this.#shared = shared;
    this.#attempt = attempt;
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#closed());
    socket.write(natsInfo(this.#info(secure !== undefined)));
    if (secure) this.#socket = secure(socket).on('error', () => undefined);
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
  }

  #info(tls: boolean): Readonly<Record<string, unknown>> {
    const [plan] = this.#shared.plans;
    return {
      server_id: 'DEJA', server_name: 'deja', version: plan?.version ?? VERSION, proto: 1, host: plan?.host, port: plan?.port,
      headers: true, max_payload: MAX_PAYLOAD, client_id: this.#attempt, ...plan?.settings, ...(tls && { tls_required: true }),
    };
  }

  #receive(chunk: Buffer): void {
    try {
      for (const operation of this.#parser.push(chunk)) this.#do(operation);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#shared.runtime.journal.note(`${this.#shared.stub}: ${error.message}`);
      this.#socket.end(natsError('Unknown Protocol Operation'));
    }
  }

  #do(operation: NatsClientOperation): void {
    switch (operation.op) {
      case 'CONNECT':
        this.#verbose = operation.options['verbose'] === true;
        if (this.#refused()) return;
        break;
      case 'PING':
        this.#socket.write(NATS_PONG);
        return;
      case 'PONG':
        return;
      case 'SUB':
        this.#subscribe(operation.subject, operation.queue ?? '', operation.sid);
        break;
      case 'UNSUB':
        this.#unsubscribe(operation.sid, operation.max);
        break;
      case 'PUB':
        this.#publish(operation);
        break;
    }
    if (this.#verbose) this.#socket.write(NATS_OK);
  }

  #refused(): boolean {
    const refusal = this.#shared.plans.flatMap(({ refusals = [] }) => refusals).find(({ attempt }) => attempt === this.#attempt);
    if (!refusal) return false;
    this.#shared.runtime.journal.serve(refusal.seq, this.#shared.stub);
    const how = refusalOf(refusal.error);
    if (how === 'rst') this.#socket.resetAndDestroy();
    else if (how === 'fin') this.#socket.end();
    else this.#socket.end(natsError(refusal.error.message.replaceAll(/^'|'$/g, '')));
    return true;
  }

  #subscribe(subject: string, queue: string, sid: string): void {
    const subscription: Subscription = {
      subject, queue, sid, max: undefined, received: 0,
      give: ({ destination, headers, properties }, payload) => this.#send(subscription, { subject: destination, headers, reply: textOf(properties?.['reply']), status: textOf(properties?.['status']), payload }),
    };
    this.#subscriptions.set(sid, subscription);
    if (!subject.startsWith(INBOX)) this.#answerSubscription(subscription);
    this.#shared.consumers.add(subscription);
  }

  #answerSubscription(subscription: Subscription): void {
    const { subject, queue } = subscription;
    const question: MessageQuestion = { operation: 'subscribe', destination: subject, ...(queue === '' ? {} : { properties: { queue } }) };
    const taken = this.#shared.ledger.take(question, (exchange) => exchange.session === this.#session);
    if ('exchange' in taken) this.#answer(taken.exchange, (reply) => this.#reply(subscription.sid, subject, reply));
    // A client that comes in again subscribes to what it had.
    else if (!taken.miss.nearest?.difference.startsWith('was recorded')) this.#diverge(question, taken.miss);
  }

  #unsubscribe(sid: string, max: number | undefined): void {
    const subscription = this.#subscriptions.get(sid);
    if (!subscription) return;
    if (max !== undefined && max > subscription.received) subscription.max = max;
    else this.#remove(subscription);
  }

  #remove(subscription: Subscription): void {
    this.#subscriptions.delete(subscription.sid);
    this.#shared.consumers.delete(subscription);
  }

  #publish(operation: Publish): void {
    const { subject, reply, headers, payload } = operation;
    const question: MessageQuestion = {
      operation: settlementOf(subject, payload) ?? (reply === undefined ? 'publish' : 'request'),
      destination: subject,
      headers: headers && readNatsHeaders(headers),
      payload,
    };
    const known = this.#shared.ledger.take(question, (exchange) => exchange.session === this.#session);
    if ('exchange' in known) {
      this.#answer(known.exchange, (answer) => reply !== undefined && this.#toSubject(reply, answer));
      return;
    }
    if (reply !== undefined && subject.startsWith(PULL_PREFIX)) {
      this.#pull(subject, reply, payload);
      return;
    }
    this.#diverge(question, known.miss);
    if (reply !== undefined) this.#toSubject(reply, { destination: reply, properties: { status: NO_RESPONDERS } });
  }

  /** Loops over consumers ask for messages by themselves; what comes are triggers. */
  #pull(subject: string, reply: string, payload: Buffer): void {
    const pull = new Pull(subject, payload, (message, bytes) => {
      const { destination, headers, properties } = message;
      const inbox = this.#subscriptionOf(reply);
      if (inbox) this.#send(inbox, { subject: destination, headers, reply: textOf(properties?.['reply']), payload: bytes });
      if (pull.left === 0) end();
    });
    const end = (status?: string): void => {
      if (!this.#pulls.delete(pull)) return;
      this.#shared.consumers.delete(pull);
      if (status !== undefined) this.#toSubject(reply, { destination: reply, properties: { status } });
    };
    this.#pulls.add(pull);
    this.#shared.consumers.add(pull);
    const { clock, stopped } = this.#shared.runtime;
    if (pull.expiresMs !== undefined) void clock.sleep(pull.expiresMs, stopped).then((passed) => passed && end(pull.noWait ? '404 No Messages' : '408 Request Timeout'));
  }

  /** As recorded: every reply at its time, the first in its turn. */
  #answer(exchange: MessageExchange, reply: (answer: MessageReply) => void): void {
    const { runtime, stub, losses } = this.#shared;
    const { pace, order, journal } = runtime;
    this.#session = exchange.repeat ? this.#session : exchange.session;
    const { outcome } = exchange;
    const answer = 'ok' in outcome ? outcome.ok : 'error' in outcome ? outcome.partial : undefined;
    const began = pace.now();
    const turn = 'pending' in outcome ? undefined : order.enter(exchange, stub);
    void (async () => {
      for (const [index, one] of (answer?.replies ?? []).entries()) {
        if (!(await pace.until(began, one.ms ?? exchange.ms ?? 0))) return;
        if (index === 0) await turn?.wait();
        reply(one);
        if (index === 0) turn?.leave();
      }
      turn?.leave();
      if ('error' in outcome && outcome.error.code === '-ERR') this.#socket.write(natsError(outcome.error.message));
      journal.serve(exchange.seq, stub);
      losses.served(exchange.seq, stub, (error) => {
        if (error.code === '-ERR') this.#socket.end(natsError(error.message));
        else if (error.code === 'ECONNRESET') this.#socket.resetAndDestroy();
        else this.#socket.destroy();
      });
    })();
  }

  #diverge(question: MessageQuestion, miss: object): void {
    this.#shared.runtime.journal.diverge({ stub: this.#shared.stub, asked: describeQuestion(question), ...miss });
  }

  #toSubject(subject: string, reply: MessageReply): void {
    const subscription = this.#subscriptionOf(subject);
    if (subscription) this.#reply(subscription.sid, subject, reply);
  }

  #subscriptionOf(subject: string): Subscription | undefined {
    return [...this.#subscriptions.values()].find((one) => natsSubjectMatches(one.subject, subject));
  }

  /** Inboxes are other ones than were recorded; what came under a subject of its own keeps that. */
  #reply(sid: string, subject: string, { destination, headers, properties, body }: MessageReply): void {
    const subscription = this.#subscriptions.get(sid);
    const name = destination.startsWith(INBOX) ? subject : destination;
    if (subscription) this.#send(subscription, { subject: name, headers, reply: textOf(properties?.['reply']), status: textOf(properties?.['status']), payload: this.#shared.runtime.bytes(body) });
  }

  #send(subscription: Subscription, message: Omit<NatsDelivery, 'sid'>): void {
    subscription.received += 1;
    this.#socket.write(natsMessage({ ...message, sid: subscription.sid }));
    if (subscription.max !== undefined && subscription.received >= subscription.max) this.#remove(subscription);
  }

  #closed(): void {
    for (const subscription of this.#subscriptions.values()) this.#shared.consumers.delete(subscription);
    for (const pull of this.#pulls) this.#shared.consumers.delete(pull);
    this.#pulls.clear();
    this.#subscriptions.clear();
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
