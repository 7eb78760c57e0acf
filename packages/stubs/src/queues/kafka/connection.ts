import type { Socket } from 'node:net';
import type { IoError } from '@deja/format';
import {
  apiVersionsAnswer, coordinatorAnswer, createTopicsAnswer, initProducerIdAnswer, joinGroupAnswer, kafkaAnswer, type KafkaNode, type KafkaQuestion, type KafkaRequest, KafkaRequestParser, listOffsetsAnswer, metadataAnswer,
  offsetCommitAnswer, offsetFetchAnswer, plainAnswer, saslAuthenticateAnswer, saslHandshakeAnswer, syncGroupAnswer, WireError,
} from '@deja/wire';
import type { BrokerStubPlan, MessageExchange, Refusal } from '../../plan.js';
import type { StubRuntime } from '../../runtime.js';
import type { Consumers } from '../broker-stub.js';
import type { LostConnections } from '../lost-connections.js';
import { describeQuestion, type MessageLedger, type MessageQuestion } from '../match.js';
import { refusalOf } from '../refusal.js';
import { KafkaFetch } from './fetch.js';
import { produced, questionsOf, statusOf } from './produce.js';

/** What all connections to a cluster have in common. Brokers join it one after the other. */
export interface KafkaShared {
  readonly stub: string;
  plans: readonly BrokerStubPlan[];
  readonly runtime: StubRuntime;
  ledger: MessageLedger;
  readonly consumers: Consumers<KafkaFetch>;
  losses: LostConnections;
}

type Produce = Extract<KafkaQuestion, { api: 'produce' }>;

/** Of an answer to something that was not recorded. */
const UNKNOWN_SERVER_ERROR = -1;
const UNKNOWN_TOPIC = 3;

/** One client's connection. */
export class KafkaConnection {
  readonly #socket: Socket;
  readonly #shared: KafkaShared;
  readonly #node: KafkaNode;
  readonly #member: string;
  readonly #parser = new KafkaRequestParser();
  readonly #fetches = new Set<KafkaFetch>();

  constructor(socket: Socket, shared: KafkaShared, node: KafkaNode, attempt: number) {
    this.#socket = socket;
    this.#shared = shared;
    this.#node = node;
    this.#member = `deja-${attempt}`;
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#closed());
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    const refusal = shared.plans.flatMap(({ refusals = [] }) => refusals).find((one) => one.attempt === attempt);
    if (refusal) socket.once('data', () => this.#refuse(refusal));
  }

  /** A connection that ended before anything was answered. */
  #refuse({ seq, error }: Refusal): void {
    this.#shared.runtime.journal.serve(seq, this.#shared.stub);
    if (refusalOf(error) === 'rst') this.#socket.resetAndDestroy();
    else this.#socket.destroySoon();
  }

  #receive(chunk: Buffer): void {
    try {
      for (const request of this.#parser.push(chunk)) this.#ask(request);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#shared.runtime.journal.note(`${this.#shared.stub}: ${error.message}`);
      this.#socket.destroy();
    }
  }

  #ask({ question, version, correlation }: KafkaRequest): void {
    const answer = (body: Buffer): void => {
      if (this.#socket.writable) this.#socket.write(kafkaAnswer(correlation, body));
    };
    switch (question.api) {
      case 'apiVersions':
        answer(apiVersionsAnswer(version));
        return;
      case 'metadata':
        this.#metadata(question.topics, answer);
        return;
      case 'produce':
        this.#produce(question, answer);
        return;
      case 'createTopics':
        this.#createTopics(question.topics, answer);
        return;
      case 'fetch':
        this.#fetch(question, answer);
        return;
      case 'listOffsets':
        answer(listOffsetsAnswer(question.topics));
        return;
      case 'offsetCommit':
        answer(offsetCommitAnswer(question.topics));
        return;
      case 'offsetFetch':
        answer(offsetFetchAnswer(question.topics));
        return;
      case 'findCoordinator':
        answer(coordinatorAnswer(this.#node));
        return;
      case 'joinGroup': {
        const [protocol] = question.protocols;
        answer(joinGroupAnswer(protocol?.name ?? '', question.memberId || this.#member, protocol?.metadata ?? Buffer.alloc(0)));
        return;
      }
      case 'syncGroup':
        answer(syncGroupAnswer(question.assignments.find(({ memberId }) => memberId === question.memberId)?.assignment ?? Buffer.alloc(0)));
        return;
      case 'heartbeat':
      case 'leaveGroup':
        answer(plainAnswer());
        return;
      case 'initProducerId':
        answer(initProducerIdAnswer());
        return;
      case 'saslHandshake':
        answer(saslHandshakeAnswer(question.mechanism));
        return;
      case 'saslAuthenticate':
        answer(saslAuthenticateAnswer());
    }
  }

  /** Clients ask for topics again and again: only where that failed it was an exchange. */
  #metadata(asked: readonly string[] | null, answer: (body: Buffer) => void): void {
    const { plans, ledger } = this.#shared;
    const known = new Map(plans.flatMap(({ settings }) => Object.entries(settings['topics'] ?? {})).map(([name, count]) => [name, Number(count)]));
    const topics = asked ?? [...known.keys()];
    const destination = topics.toSorted().join(',');
    const failed = ledger.takeWhere((exchange) => exchange.operation === 'metadata' && exchange.destination === destination && 'error' in exchange.outcome);
    const reply = (error: number): void => answer(metadataAnswer(this.#node, topics.map((name) => ({ name, error: error || (known.has(name) ? 0 : UNKNOWN_TOPIC), partitions: error ? 0 : (known.get(name) ?? 0) }))));
    if (failed) void this.#answer([failed], () => reply(statusOf(failed)));
    else reply(0);
  }

  #createTopics(topics: readonly string[], answer: (body: Buffer) => void): void {
    const question: MessageQuestion = { operation: 'createTopics', destination: topics.toSorted().join(',') };
    const taken = this.#take(question);
    const status = taken ? statusOf(taken) : UNKNOWN_SERVER_ERROR;
    const message = taken ? null : `DEJA divergence: not in the recording: ${describeQuestion(question)}`;
    void this.#answer(taken ? [taken] : [], () => answer(createTopicsAnswer(topics.map((name) => ({ name, error: status, message })))));
  }

  #produce(question: Produce, answer: (body: Buffer) => void): void {
    const asked = questionsOf(question).map((one) => ({ ...one, exchange: this.#take(one.question) }));
    const exchanges = asked.flatMap(({ exchange }) => (exchange ? [exchange] : []));
    // A message that nobody knows must not be taken for one that was written.
    const strange = exchanges.length < asked.length;
    const never = !strange && exchanges.some(({ outcome }) => 'pending' in outcome || ('error' in outcome && statusOf({ outcome }) === 0));
    void this.#answer(exchanges, () => {
      if (question.acks !== 0 && !never) answer(produced(question, strange ? UNKNOWN_SERVER_ERROR : exchanges.map(statusOf).find((status) => status !== 0) ?? 0, exchanges));
    });
  }

  #take(question: MessageQuestion): MessageExchange | null {
    const taken = this.#shared.ledger.take(question);
    if ('exchange' in taken) return taken.exchange;
    this.#shared.runtime.journal.diverge({ stub: this.#shared.stub, asked: describeQuestion(question), ...taken.miss });
    return null;
  }

  /** At the recorded time, in the recorded order. */
  async #answer(exchanges: readonly MessageExchange[], reply: () => void): Promise<void> {
    const { runtime, stub, losses } = this.#shared;
    const { pace, order, journal, stopped } = runtime;
    const began = pace.now();
    const turns = exchanges.filter(({ outcome }) => !('pending' in outcome)).map((exchange) => order.enter(exchange, stub));
    await pace.until(began, exchanges[0]?.ms ?? 0);
    // Those of one request leave together.
    await turns[0]?.wait();
    if (stopped.aborted) return;
    reply();
    for (const turn of turns) turn.leave();
    for (const { seq } of exchanges) {
      journal.serve(seq, stub);
      losses.served(seq, stub, () => this.#socket.destroy());
    }
    const broken = exchanges.find(({ outcome }) => 'error' in outcome && isLoss(outcome.error));
    if (broken) this.#socket.destroy();
  }

  #fetch({ topics, maxWaitMs }: Extract<KafkaQuestion, { api: 'fetch' }>, answer: (body: Buffer) => void): void {
    const { consumers, runtime } = this.#shared;
    const over = new AbortController();
    const fetch = new KafkaFetch(topics, (body) => {
      over.abort();
      this.#fetches.delete(fetch);
      consumers.delete(fetch);
      answer(body);
    });
    this.#fetches.add(fetch);
    consumers.add(fetch);
    if (over.signal.aborted) return;
    void runtime.clock.sleep(maxWaitMs, AbortSignal.any([over.signal, runtime.stopped])).then((passed) => passed && fetch.empty());
  }

  #closed(): void {
    for (const fetch of this.#fetches) this.#shared.consumers.delete(fetch);
    this.#fetches.clear();
  }
}

/** The connection ended instead of an answer. */
function isLoss({ name, message }: IoError): boolean {
  return name === 'KafkaJSConnectionClosedError' || (name === 'KafkaJSConnectionError' && /closed connection|ECONNRESET|EPIPE/i.test(message));
}
