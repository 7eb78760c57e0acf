import type { MessageAnswer, MessageReply } from '@deja/format';
import { amqpContent, amqpMethod, amqpMethodId, type AmqpMethodName, type AmqpTable, isAmqpMethod } from '@deja/wire';
import type { MessageExchange } from '../../plan.js';
import { describeQuestion, type MessageQuestion } from '../match.js';
import type { AmqpConnection, AmqpConsumer, AmqpShared } from './connection.js';
import { publishingOf, questionOf, textOf } from './fields.js';
import { replyCodeOf, replyTextOf } from './reply-code.js';

/** What a channel is set up with, and has an answer that says nothing. */
const PROTOCOL = new Set<AmqpMethodName>(['basic.qos', 'basic.recover', 'confirm.select', 'tx.select', 'tx.commit', 'tx.rollback', 'channel.flow']);
const SETTLING = new Set<AmqpMethodName>(['basic.ack', 'basic.nack', 'basic.reject']);
const INTERNAL_ERROR = 541;

/** One channel: questions are answered in their order, as it is in AMQP. */
export class AmqpChannel {
  readonly #number: number;
  readonly #connection: AmqpConnection;
  readonly #shared: AmqpShared;
  readonly #consumers = new Map<string, AmqpConsumer>();
  #confirms = false;
  #published = 0;
  #closing = false;
  /** Settles when everything asked before has been answered. */
  #answered: Promise<void> = Promise.resolve();

  constructor(number: number, connection: AmqpConnection, shared: AmqpShared) {
    this.#number = number;
    this.#connection = connection;
    this.#shared = shared;
  }

  end(): void {
    this.#closing = true;
    for (const consumer of this.#consumers.values()) this.#shared.consumers.delete(consumer);
    this.#consumers.clear();
  }

  do(name: AmqpMethodName, fields: AmqpTable): void {
    if (this.#closing) return;
    if (name === 'confirm.select') this.#confirms = true;
    if (PROTOCOL.has(name)) {
      void this.#inTurn(() => this.#send(`${name}-ok`, fields));
    } else if (name === 'basic.cancel') {
      this.#cancel(textOf(fields['consumerTag']));
      void this.#inTurn(() => this.#send('basic.cancel-ok', fields));
    } else {
      this.#ask(name, fields);
    }
  }

  publish(fields: AmqpTable, properties: AmqpTable, payload: Buffer): void {
    if (this.#closing) return;
    const tag = (this.#published += 1);
    const question = publishingOf(fields, properties, payload);
    const taken = this.#take(question);
    if (!taken) {
      // Nothing that was recorded says that it was accepted.
      if (this.#confirms) this.#send('basic.nack', { deliveryTag: tag });
      return;
    }
    void this.#answer(taken, false, (answer) => {
      const { outcome } = taken;
      const returned = answer?.fields?.['returned'];
      if (typeof returned === 'object' && returned !== null) this.#content('basic.return', { ...returned, exchange: question.destination, routingKey: textOf(question.key) }, properties, payload);
      if ('error' in outcome && outcome.error.code !== 'nack') this.#refuse(taken, 'basic.publish');
      else if (this.#confirms && !('pending' in outcome)) this.#send('error' in outcome ? 'basic.nack' : 'basic.ack', { deliveryTag: tag, multiple: answer?.fields?.['multiple'] });
    });
  }

  #ask(name: AmqpMethodName, fields: AmqpTable): void {
    const question = questionOf(name, fields);
    const taken = this.#take(question);
    if (!taken) {
      if (!SETTLING.has(name)) void this.#inTurn(() => this.#close(INTERNAL_ERROR, `DEJA divergence: not in the recording: ${describeQuestion(question)}`, name));
      return;
    }
    void this.#answer(taken, true, (answer) => {
      if ('error' in taken.outcome) this.#refuse(taken, name);
      else if (name === 'basic.get') this.#got(answer);
      else if (answer && !SETTLING.has(name)) this.#send(`${name}-ok`, answer.fields ?? {});
      if (answer && name === 'basic.consume') this.#consume(textOf(fields['queue']), textOf(answer.fields?.['consumerTag']), answer.replies ?? []);
    });
  }

  #take(question: MessageQuestion): MessageExchange | null {
    const taken = this.#shared.ledger.take(question, ({ session, channel }) => channel === this.#number && (this.#connection.session ?? session) === session);
    if ('exchange' in taken) {
      if (!taken.exchange.repeat) this.#connection.session = taken.exchange.session;
      return taken.exchange;
    }
    this.#shared.runtime.journal.diverge({ stub: this.#shared.stub, asked: describeQuestion(question), ...taken.miss });
    return null;
  }

  /** At its time and in its turn. `waits`: nothing that is asked later on this channel is answered before. Undefined answer: it went wrong, or nothing came. */
  async #answer(exchange: MessageExchange, waits: boolean, reply: (answer: MessageAnswer | undefined) => void): Promise<void> {
    const { runtime, stub, losses } = this.#shared;
    const { pace, order, journal, stopped } = runtime;
    const { outcome } = exchange;
    const began = pace.now();
    const turn = 'pending' in outcome ? undefined : order.enter(exchange, stub);
    const done = async (): Promise<void> => {
      await pace.until(began, 'pending' in outcome ? 0 : (exchange.ms ?? 0));
      await turn?.wait();
      if (stopped.aborted) return;
      if (!('pending' in outcome)) reply('ok' in outcome ? outcome.ok : outcome.partial);
      turn?.leave();
      journal.serve(exchange.seq, stub);
      losses.served(exchange.seq, stub, (error) => this.#connection.lose(error));
    };
    await (waits ? this.#inTurn(done) : done());
  }

  #inTurn(work: () => void | Promise<void>): Promise<void> {
    return (this.#answered = this.#answered.then(work));
  }

  /** By the number that closed the channel. Without one the client gave up, or the connection was lost: that is an exchange of its own. */
  #refuse({ outcome }: MessageExchange, cause: AmqpMethodName): void {
    const code = 'error' in outcome ? replyCodeOf(outcome.error) : null;
    if (code !== null && 'error' in outcome) this.#close(code, replyTextOf(outcome.error), cause);
  }

  #close(replyCode: number, replyText: string, cause: AmqpMethodName): void {
    this.#send('channel.close', { replyCode, replyText, ...amqpMethodId(cause) });
    this.end();
  }

  #got(answer: MessageAnswer | undefined): void {
    const [reply] = answer?.replies ?? [];
    if (!answer) return;
    if (reply) this.#deliver('basic.get-ok', { messageCount: answer.fields?.['messageCount'] }, reply, this.#shared.runtime.bytes(reply.body));
    else this.#send('basic.get-empty', answer.fields ?? {});
  }

  #consume(queue: string, consumerTag: string, replies: readonly MessageReply[]): void {
    const consumer: AmqpConsumer = { queue, give: (message, payload) => this.#deliver('basic.deliver', { consumerTag }, message, payload) };
    this.#consumers.set(consumerTag, consumer);
    this.#shared.consumers.add(consumer);
    void this.#bring(consumerTag, replies);
  }

  /** What came to a consumer in the course of a request's work, one after the other. */
  async #bring(consumerTag: string, replies: readonly MessageReply[]): Promise<void> {
    const { runtime } = this.#shared;
    const { pace } = runtime;
    const began = pace.now();
    for (const reply of replies) {
      if (!(await pace.until(began, reply.ms ?? 0)) || this.#closing) return;
      this.#deliver('basic.deliver', { consumerTag }, reply, runtime.bytes(reply.body));
    }
  }

  #cancel(consumerTag: string): void {
    const consumer = this.#consumers.get(consumerTag);
    if (consumer) this.#shared.consumers.delete(consumer);
    this.#consumers.delete(consumerTag);
  }

  /** With the tag that was recorded: by that the application settles it. */
  #deliver(name: 'basic.deliver' | 'basic.get-ok', fields: AmqpTable, { destination, key, properties = {} }: Omit<MessageReply, 'ms'>, payload: Buffer): void {
    const { deliveryTag, redelivered, ...own } = properties;
    this.#content(name, { ...fields, deliveryTag, redelivered, exchange: destination, routingKey: textOf(key) }, own, payload);
  }

  #content(name: AmqpMethodName, fields: AmqpTable, properties: AmqpTable, payload: Buffer): void {
    this.#connection.send(amqpContent(this.#number, { name, fields }, { properties, payload }, this.#connection.frameMax));
  }

  #send(name: string, fields: AmqpTable): void {
    if (isAmqpMethod(name)) this.#connection.send(amqpMethod(this.#number, name, fields));
  }
}
