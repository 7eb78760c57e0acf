import type { Socket } from 'node:net';
import { encodeResp, RespCommandParser, type RespValue, type RespVersion, WireError } from '@deja/wire';
import type { RedisReply } from '@deja/format';
import { type Fate, fateOf } from '../fate.js';
import type { Ledger } from '../ledger.js';
import type { RedisExchange } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { describeCommand, type RedisQuestion } from './match.js';
import { helloVersion, isHandshake, protocolReply } from './protocol-replies.js';
import { errorReply } from './error-reply.js';
import { ABORTED, execReply, queuedReply, type Transaction } from './transaction.js';

/** How long after its recorded end a time-out is taken to have struck, for replies that were queued behind it. */
const GIVE_UP_MARGIN_MS = 50;

type Answer =
  | { readonly kind: 'reply'; readonly reply: RespValue; readonly exchange?: RedisExchange; readonly after: number }
  | { readonly kind: 'hold'; readonly exchange: RedisExchange; readonly after: number }
  | { readonly kind: 'break'; readonly how: Exclude<Fate, 'hold'>; readonly exchange: RedisExchange; readonly after: number };

/** One client's connection: commands are decided in order of arrival and answered in that order. */
export class RedisConnection {
  readonly #socket: Socket;
  readonly #ledger: Ledger<RedisExchange, RedisQuestion>;
  readonly #runtime: StubRuntime;
  readonly #stub: string;
  readonly #id: number;
  readonly #parser = new RespCommandParser();
  #version: RespVersion = 2;
  #name = '';
  /** The recorded connection that this one follows, once it has asked something of it. */
  #session: number | undefined;
  #transaction: Transaction | undefined;
  /** In place of replies that never came; written when a later reply has to pass them. */
  readonly #fillers: Buffer[] = [];
  /** Settles when everything asked before has been answered. */
  #answered: Promise<void> = Promise.resolve();

  constructor(socket: Socket, ledger: Ledger<RedisExchange, RedisQuestion>, runtime: StubRuntime, stub: string, id: number) {
    this.#socket = socket;
    this.#ledger = ledger;
    this.#runtime = runtime;
    this.#stub = stub;
    this.#id = id;
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
  }

  #receive(chunk: Buffer): void {
    try {
      for (const args of this.#parser.push(chunk)) this.#ask(args);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#runtime.journal.note(`${this.#stub}: ${error.message}`);
      this.#socket.destroy();
    }
  }

  #ask(args: readonly Buffer[]): void {
    const arrived = this.#runtime.pace.now();
    const answer = this.#decide(args);
    const version = this.#negotiate(args, answer);
    const turn = answer.exchange && answer.kind !== 'hold' ? this.#runtime.order.enter(answer.exchange, this.#stub) : undefined;
    const before = this.#answered;
    this.#answered = (async () => {
      const { pace } = this.#runtime;
      const inTime = await (answer.kind === 'hold' ? pace.untilReally(arrived, answer.after) : pace.until(arrived, answer.after));
      await before;
      await turn?.wait();
      if (inTime && !this.#runtime.stopped.aborted) this.#send(answer, version);
      turn?.leave();
    })();
    if (args[0]?.toString().toUpperCase() === 'QUIT') void this.#answered.then(() => this.#socket.end());
  }

  #decide(args: readonly Buffer[]): Answer {
    const name = args[0]?.toString().toUpperCase() ?? '';
    if (name === 'EXEC' && this.#transaction?.broken) {
      this.#transaction = undefined;
      return { kind: 'reply', reply: ABORTED, after: 0 };
    }
    const taken = this.#ledger.take({ args }, (exchange) => exchange.session === this.#session);
    if ('exchange' in taken) {
      const { exchange } = taken;
      if (!isHandshake(name)) this.#session = exchange.session;
      return this.#inTransaction(name, exchange) ?? toAnswer(exchange);
    }
    if (name === 'EXEC' && this.#transaction) {
      const reply = execReply(this.#transaction);
      this.#transaction = undefined;
      if (reply) return { kind: 'reply', reply, after: 0 };
    }
    if (name === 'MULTI') this.#transaction = { queued: [], broken: false };
    if (name === 'DISCARD') this.#transaction = undefined;
    const own = protocolReply(args.map((arg) => arg.toString()), { version: this.#version, id: this.#id, name: this.#name });
    if (own) return { kind: 'reply', reply: own, after: 0 };
    const asked = describeCommand(args);
    this.#runtime.journal.diverge({ stub: this.#stub, asked, ...taken.miss });
    if (this.#transaction) this.#transaction = { ...this.#transaction, broken: true };
    const near = taken.miss.nearest ? `; nearest is event ${taken.miss.nearest.seq}: ${taken.miss.nearest.difference}` : '';
    return { kind: 'reply', reply: { error: `DEJA divergence: not in the recording: ${asked}${near}` }, after: 0 };
  }

  /** Keep track of MULTI; the answer of a command inside it, null outside. */
  #inTransaction(name: string, exchange: RedisExchange): Answer | null {
    if (name === 'MULTI') this.#transaction = { queued: [], broken: false };
    else if (name === 'EXEC' || name === 'DISCARD') this.#transaction = undefined;
    else if (this.#transaction && 'ok' in exchange.outcome) {
      this.#transaction = { ...this.#transaction, queued: [...this.#transaction.queued, exchange] };
      return { kind: 'reply', reply: queuedReply(exchange), exchange, after: exchange.ms ?? 0 };
    }
    return null;
  }

  /** The protocol version the answer is written in; `HELLO` changes it for itself already. */
  #negotiate(args: readonly Buffer[], answer: Answer): RespVersion {
    const name = args[0]?.toString().toUpperCase();
    if (name === 'RESET') this.#version = 2;
    if (name === 'CLIENT' && args[1]?.toString().toUpperCase() === 'SETNAME') this.#name = args[2]?.toString() ?? '';
    if (name === 'HELLO' && !(answer.kind === 'reply' && 'error' in answer.reply)) this.#version = helloVersion(args[1]?.toString(), this.#version) ?? this.#version;
    return this.#version;
  }

  #send(answer: Answer, version: RespVersion): void {
    if (answer.exchange) this.#runtime.journal.serve(answer.exchange.seq, this.#stub);
    switch (answer.kind) {
      case 'reply':
        this.#socket.write(Buffer.concat([...this.#fillers.splice(0), encodeResp(answer.reply, version)]));
        return;
      case 'hold':
        // Nothing was seen to be answered. What comes later on this connection was seen, so the client had given up by then and
        // drops whatever stands in this place.
        this.#fillers.push(encodeResp({ null: true }, version));
        return;
      case 'break':
        if (answer.how === 'rst') this.#socket.resetAndDestroy();
        else this.#socket.destroySoon();
    }
  }
}

function toAnswer(exchange: RedisExchange): Answer {
  const { outcome } = exchange;
  const after = exchange.ms ?? 0;
  if ('ok' in outcome) return { kind: 'reply', reply: outcome.ok satisfies RedisReply, exchange, after };
  if ('pending' in outcome) return { kind: 'hold', exchange, after: Number.POSITIVE_INFINITY };
  const reply = errorReply(outcome.error);
  if (reply) return { kind: 'reply', reply, exchange, after };
  const fate = fateOf(outcome.error);
  return fate === 'hold' ? { kind: 'hold', exchange, after: after + GIVE_UP_MARGIN_MS } : { kind: 'break', how: fate, exchange, after };
}
