import type { Socket } from 'node:net';
import type { IoError, MessageTrigger } from '@deja/format';
import { AMQP_HEARTBEAT, AMQP_PROTOCOL, AmqpClientParser, type AmqpClientEvent, amqpMethod, type AmqpMethodName, type AmqpTable, WireError } from '@deja/wire';
import type { BrokerStubPlan, Refusal } from '../../plan.js';
import type { StubRuntime } from '../../runtime.js';
import type { Consumers } from '../broker-stub.js';
import type { LostConnections } from '../lost-connections.js';
import type { MessageLedger } from '../match.js';
import { AmqpChannel } from './channel.js';
import { refusalOf } from '../refusal.js';
import { replyCodeOf, replyTextOf } from './reply-code.js';

/** What all connections to a stub have in common. */
export interface AmqpShared {
  readonly stub: string;
  readonly plans: readonly BrokerStubPlan[];
  readonly runtime: StubRuntime;
  readonly ledger: MessageLedger;
  readonly consumers: Consumers<AmqpConsumer>;
  readonly losses: LostConnections;
}

/** Somebody who consumes a queue. */
export interface AmqpConsumer {
  readonly queue: string;
  give(message: MessageTrigger, payload: Buffer): void;
}

const VERSION = '3.10.8';
const FRAME_MAX = 131_072;
const CHANNEL_MAX = 2047;
const HEARTBEAT_S = 60;
const ACCESS_REFUSED = 403;
const COMMAND_INVALID = 503;
const NOT_ALLOWED = 530;

const CAPABILITIES = {
  publisher_confirms: true, exchange_exchange_bindings: true, 'basic.nack': true, consumer_cancel_notify: true, 'connection.blocked': true,
  consumer_priorities: true, authentication_failure_close: true, per_consumer_qos: true, direct_reply_to: true,
};

/** One client's connection: setting it up, its channels, its end. */
export class AmqpConnection {
  readonly #socket: Socket;
  readonly #shared: AmqpShared;
  readonly #attempt: number;
  readonly #parser = new AmqpClientParser();
  readonly #channels = new Map<number, AmqpChannel>();
  /** The recorded connection that this one follows, once it has asked something of it. */
  session: number | undefined;
  frameMax = FRAME_MAX;

  constructor(socket: Socket, shared: AmqpShared, attempt: number) {
    this.#socket = socket;
    this.#shared = shared;
    this.#attempt = attempt;
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#closed());
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
  }

  send(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** The connection ends as it did: with the broker's reason, or without a word. */
  lose(error: IoError): void {
    const code = replyCodeOf(error);
    if (code !== null) this.#close(code, replyTextOf(error));
    else if (error.code === 'ECONNRESET' || error.code === 'EPIPE') this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    try {
      for (const event of this.#parser.push(chunk)) this.#do(event);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#shared.runtime.journal.note(`${this.#shared.stub}: ${error.message}`);
      this.#socket.end(AMQP_PROTOCOL);
    }
  }

  #do(event: AmqpClientEvent): void {
    switch (event.kind) {
      case 'protocol':
        this.#start();
        return;
      case 'heartbeat':
        // Clients beat in the rhythm in which they want to hear of the server.
        this.send(AMQP_HEARTBEAT);
        return;
      case 'content':
        this.#channels.get(event.channel)?.publish(event.method.fields, event.properties, event.payload);
        return;
      case 'method':
        if (event.channel === 0) this.#setUp(event.method.name, event.method.fields);
        else this.#onChannel(event.channel, event.method.name, event.method.fields);
    }
  }

  #refusal(): Refusal | undefined {
    return this.#shared.plans.flatMap(({ refusals = [] }) => refusals).find(({ attempt }) => attempt === this.#attempt);
  }

  #start(): void {
    const refusal = this.#refusal();
    const how = refusal && refusalOf(refusal.error);
    if (refusal && (how === 'fin' || how === 'rst')) {
      this.#shared.runtime.journal.serve(refusal.seq, this.#shared.stub);
      if (how === 'rst') this.#socket.resetAndDestroy();
      else this.#socket.end();
      return;
    }

    const version = this.#shared.plans[0]?.version ?? VERSION;
    const serverProperties: AmqpTable = { capabilities: CAPABILITIES, product: 'RabbitMQ', version, platform: 'Deja' };
    this.send(amqpMethod(0, 'connection.start', { versionMajor: 0, versionMinor: 9, serverProperties, mechanisms: 'PLAIN AMQPLAIN EXTERNAL', locales: 'en_US' }));
  }

  #setUp(name: AmqpMethodName, fields: AmqpTable): void {
    if (name === 'connection.start-ok') {
      if (!this.#refuses((code) => code === ACCESS_REFUSED)) this.send(amqpMethod(0, 'connection.tune', { channelMax: CHANNEL_MAX, frameMax: FRAME_MAX, heartbeat: HEARTBEAT_S }));
    } else if (name === 'connection.tune-ok') {
      if (typeof fields['frameMax'] === 'number' && fields['frameMax'] > 0) this.frameMax = fields['frameMax'];
    } else if (name === 'connection.open') {
      if (!this.#refuses(() => true)) this.send(amqpMethod(0, 'connection.open-ok'));
    } else if (name === 'connection.update-secret') {
      this.send(amqpMethod(0, 'connection.update-secret-ok'));
    } else if (name === 'connection.close') {
      this.#socket.end(amqpMethod(0, 'connection.close-ok'));
    } else if (name === 'connection.close-ok') {
      this.#socket.end();
    } else {
      this.#close(COMMAND_INVALID, `COMMAND_INVALID - ${name} on channel 0`);
    }
  }

  /** Whether this attempt to connect is one that the broker refused with such a code. */
  #refuses(isMeant: (code: number) => boolean): boolean {
    const refusal = this.#refusal();
    // Of a host that may not be opened the client does not tell the number.
    const code = refusal && (replyCodeOf(refusal.error) ?? (/OpenOk/.test(refusal.error.message) ? NOT_ALLOWED : ACCESS_REFUSED));
    if (!refusal || code === undefined || !isMeant(code)) return false;
    this.#shared.runtime.journal.serve(refusal.seq, this.#shared.stub);
    this.#close(code, replyTextOf(refusal.error));
    return true;
  }

  #onChannel(number: number, name: AmqpMethodName, fields: AmqpTable): void {
    if (name === 'channel.open') {
      this.#channels.set(number, new AmqpChannel(number, this, this.#shared));
      this.send(amqpMethod(number, 'channel.open-ok'));
      return;
    }
    const channel = this.#channels.get(number);
    if (!channel) return;
    if (name === 'channel.close') this.send(amqpMethod(number, 'channel.close-ok'));
    if (name === 'channel.close' || name === 'channel.close-ok') {
      channel.end();
      this.#channels.delete(number);
    } else {
      channel.do(name, fields);
    }
  }

  #close(replyCode: number, replyText: string): void {
    this.send(amqpMethod(0, 'connection.close', { replyCode, replyText }));
  }

  #closed(): void {
    for (const channel of this.#channels.values()) channel.end();
    this.#channels.clear();
  }
}
