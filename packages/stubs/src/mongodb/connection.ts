import type { Socket } from 'node:net';
import { WireError } from '@deja/wire';
import { MONGODB_KIND, mongodbAnswer, type MongodbMessage, MongodbMessageParser, mongodbQueryAnswer, readMongodbOpMsg, readMongodbQuery } from '@deja/wire/mongodb';
import type { ExtendedJson } from '@deja/format';
import { type Fate, fateOf } from '../fate.js';
import type { MongodbExchange } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { bytesOf, fieldsOf } from './documents.js';
import { describeMongodbCommand, type MongodbQuestion } from './match.js';
import { mongodbProtocolReply } from './protocol-replies.js';
import type { MongodbRecording } from './recording.js';

type Answer =
  | { readonly kind: 'reply'; readonly reply: ExtendedJson; readonly exchange?: MongodbExchange; readonly after: number }
  | { readonly kind: 'hold'; readonly exchange: MongodbExchange; readonly after: number }
  | { readonly kind: 'break'; readonly how: Exclude<Fate, 'hold'>; readonly exchange: MongodbExchange; readonly after: number };

interface Asked {
  readonly question: MongodbQuestion;
  /** Nobody waits for an answer. */
  readonly unanswered: boolean;
  readonly old: boolean;
}

/** Beyond those of the server: no recorded error has it. */
const DIVERGENCE_CODE = 8_599;

/** One client's connection. Drivers ask one thing at a time, and none that is served here asks the next before it was answered. */
export class MongodbConnection {
  readonly #socket: Socket;
  readonly #recording: MongodbRecording;
  readonly #runtime: StubRuntime;
  readonly #id: number;
  readonly #parser = new MongodbMessageParser();
  /** The recorded connection that this one follows, once it has asked something of it. */
  #session: number | undefined;
  #sent = 0;

  constructor(socket: Socket, recording: MongodbRecording, runtime: StubRuntime, id: number) {
    this.#socket = socket;
    this.#recording = recording;
    this.#runtime = runtime;
    this.#id = id;
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
  }

  #receive(chunk: Buffer): void {
    try {
      for (const message of this.#parser.push(chunk)) void this.#ask(message, askedBy(message));
    } catch (error) {
      // What is no message, or no document, comes from no driver: the connection cannot be understood any further.
      const text = error instanceof WireError ? error.message : `MongoDB: a document that is none: ${(error as Error).message}`;
      this.#runtime.journal.note(`${this.#recording.stub}: ${text}`);
      this.#socket.destroy();
    }
  }

  async #ask(message: MongodbMessage, asked: Asked): Promise<void> {
    const { pace, order, stopped } = this.#runtime;
    const arrived = pace.now();
    const answer = this.#decide(asked.question);
    const turn = answer.exchange && answer.kind !== 'hold' ? order.enter(answer.exchange, this.#recording.stub) : undefined;
    const inTime = await (answer.kind === 'hold' ? pace.untilReally(arrived, answer.after) : pace.until(arrived, answer.after));
    await turn?.wait();
    if (inTime && !stopped.aborted) this.#send(answer, message, asked);
    turn?.leave();
  }

  #decide(question: MongodbQuestion): Answer {
    const taken = this.#recording.take(question, this.#session);
    if ('exchange' in taken) {
      this.#session = taken.exchange.session;
      return this.#answerOf(taken.exchange);
    }
    const own = mongodbProtocolReply(question.name, question.fields, this.#recording.hello, this.#id);
    if (own !== null) return { kind: 'reply', reply: own, after: 0 };
    const asked = describeMongodbCommand(question.database, question.fields);
    this.#runtime.journal.diverge({ stub: this.#recording.stub, asked, ...taken.miss });
    const near = taken.miss.nearest ? `; nearest is event ${taken.miss.nearest.seq}: ${taken.miss.nearest.difference}` : '';
    const errmsg = `DEJA divergence: not in the recording: ${asked}${near}`;
    return { kind: 'reply', reply: JSON.stringify({ ok: { $numberDouble: '0.0' }, errmsg, code: { $numberInt: String(DIVERGENCE_CODE) }, codeName: 'DejaDivergence' }), after: 0 };
  }

  #answerOf(exchange: MongodbExchange): Answer {
    const { outcome, ms: after = 0 } = exchange;
    if ('ok' in outcome) return { kind: 'reply', reply: outcome.ok.reply, exchange, after };
    if ('pending' in outcome) return { kind: 'hold', exchange, after: Number.POSITIVE_INFINITY };
    if (outcome.partial?.reply !== undefined) return { kind: 'reply', reply: outcome.partial.reply, exchange, after };
    const fate = fateOf(outcome.error);
    return fate === 'hold' ? { kind: 'hold', exchange, after } : { kind: 'break', how: fate, exchange, after };
  }

  #send(answer: Answer, { id: answers }: MongodbMessage, { unanswered, old }: Asked): void {
    if (answer.exchange) this.#runtime.journal.serve(answer.exchange.seq, this.#recording.stub);
    if (answer.kind === 'break') {
      if (answer.how === 'rst') this.#socket.resetAndDestroy();
      else this.#socket.destroySoon();
      return;
    }
    if (answer.kind === 'hold' || unanswered) return;
    const about = { id: ++this.#sent, answers };
    this.#socket.write(old ? mongodbQueryAnswer(bytesOf(answer.reply), about) : mongodbAnswer(bytesOf(answer.reply), about));
  }
}

/** Throws `WireError`, or what `bson` throws. */
function askedBy({ kind, body }: MongodbMessage): Asked {
  if (kind === MONGODB_KIND.query) {
    const { collection, document } = readMongodbQuery(body);
    return { question: questionOf(collection.split('.')[0] ?? '', fieldsOf(document)), unanswered: false, old: true };
  }
  if (kind !== MONGODB_KIND.msg) throw new WireError('MongoDB', `a message of kind ${kind}`);
  const { document, sequences, moreToCome } = readMongodbOpMsg(body);
  const { $db: database, ...fields } = fieldsOf(document);
  const lists = Object.fromEntries(sequences.map(({ name, documents }) => [name, documents.map(fieldsOf)]));
  return { question: questionOf(typeof database === 'string' ? database : '', { ...fields, ...lists }), unanswered: moreToCome, old: false };
}

function questionOf(database: string, fields: MongodbQuestion['fields']): MongodbQuestion {
  return { database, name: Object.keys(fields)[0] ?? '', fields };
}
