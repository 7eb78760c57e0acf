import type { RespValue, RespVersion } from '@deja/wire';
import type { Ledger } from '../ledger.js';
import type { RedisExchange } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { type Answer, ownAnswer, toAnswer } from './answer.js';
import { Engine, type EngineKeys } from './engine.js';
import { argumentBytes, argumentText, describeCommand, differentCommand, type RedisQuestion } from './match.js';
import { helloVersion, isHandshake, protocolReply } from './protocol-replies.js';
import { type MessageKind, Subscriptions, subscribes, unsubscribes } from './subscriptions.js';
import { ABORTED, execReply, queuedReply, type Transaction } from './transaction.js';

/** What the connections of one stub share. */
export interface Recorded {
  readonly stub: string;
  /** Messages that were pushed are not in it. */
  readonly ledger: Ledger<RedisExchange, RedisQuestion>;
  /** Where nodes are, as others told. */
  readonly topology: readonly RedisExchange[];
  /** Where changed code runs: what may answer commands that the recording does not know. */
  readonly engine?: EngineKeys;
}

/** A subscription that was accepted. */
export interface Accepted {
  readonly exchange: RedisExchange;
  readonly kind: MessageKind;
  readonly names: readonly string[];
}

/** What one connection has agreed upon so far, and with that, what its next command is answered. */
export class Dialogue {
  readonly subscriptions = new Subscriptions();
  readonly #recorded: Recorded;
  readonly #runtime: StubRuntime;
  readonly #id: number;
  readonly #engine: Engine | undefined;
  #version: RespVersion = 2;
  #name = '';
  /** The recorded connection that this one follows, once it has asked something of it. */
  #session: number | undefined;
  #transaction: Transaction | undefined;

  constructor(recorded: Recorded, runtime: StubRuntime, id: number) {
    this.#recorded = recorded;
    this.#runtime = runtime;
    this.#id = id;
    this.#engine = recorded.engine && new Engine(recorded.engine);
  }

  /** In which answers are written; `HELLO` changes it for its own already. */
  get version(): RespVersion {
    return this.#version;
  }

  end(): void {
    this.#engine?.end();
  }

  answer(args: readonly Buffer[]): { readonly answer: Answer; readonly accepted?: Accepted } {
    const name = args[0]?.toString().toUpperCase() ?? '';
    const ended = unsubscribes(name);
    if (ended !== null) return { answer: ownAnswer(...this.subscriptions.remove(name, ended, args.slice(1).map(String))) };
    const answer = this.#decide(name, args);
    this.#negotiate(name, args, answer);
    const kind = subscribes(name);
    // Confirmed by the protocol: libraries show no more of it than a count, and some not even that.
    if (kind === null || answer.kind !== 'reply' || !answer.exchange || answer.replies.some(isError)) return { answer };
    const names = args.slice(1).map(String);
    return { answer: { ...answer, replies: this.subscriptions.add(name, kind, names) }, accepted: { exchange: answer.exchange, kind, names } };
  }

  #decide(name: string, args: readonly Buffer[]): Answer {
    if (name === 'EXEC' && this.#transaction?.broken) {
      this.#transaction = undefined;
      return ownAnswer(ABORTED);
    }
    if (!this.#transaction && this.#engine?.knowsBetter(args) && this.#engine.answers(name)) return this.#pass(name, args, this.#engine);
    const taken = this.#recorded.ledger.take({ args }, (exchange) => exchange.session === this.#session);
    if ('exchange' in taken) {
      const { exchange } = taken;
      if (!isHandshake(name)) this.#session = exchange.session;
      if (this.#engine) this.#repeat(name, args, exchange, this.#engine);
      return this.#inTransaction(name, exchange) ?? toAnswer(exchange);
    }
    const told = this.#recorded.topology.findLast((exchange) => differentCommand(exchange, { args }) === null);
    if (told) return toAnswer(told);
    const again = subscribes(name) === null ? undefined : this.#subscribedBefore(name, args.slice(1).map(String));
    if (again) return toAnswer(again);
    if (name === 'EXEC' && this.#transaction) {
      const reply = execReply(this.#transaction);
      this.#transaction = undefined;
      if (reply) return ownAnswer(reply);
    }
    if (name === 'MULTI') this.#transaction = { queued: [], broken: false };
    if (name === 'DISCARD') this.#transaction = undefined;
    const own = protocolReply(args.map(String), { version: this.#version, id: this.#id, name: this.#name, subscribed: this.subscriptions.any });
    if (own) return ownAnswer(own);
    if (!this.#transaction && this.#engine?.answers(name)) return this.#pass(name, args, this.#engine);
    const asked = describeCommand(args);
    this.#runtime.journal.diverge({ stub: this.#recorded.stub, asked, ...taken.miss });
    if (this.#transaction) this.#transaction = { ...this.#transaction, broken: true };
    const near = taken.miss.nearest ? `; nearest is event ${taken.miss.nearest.seq}: ${taken.miss.nearest.difference}` : '';
    return ownAnswer({ error: `DEJA divergence: not in the recording: ${asked}${near}` });
  }

  /** Not recorded, and not answered without saying so. */
  #pass(name: string, args: readonly Buffer[], engine: Engine): Answer {
    this.#runtime.journal.note(`${this.#recorded.stub}: ${describeCommand(args)}: not in the recording; the answer is that of a real server with the keys that the recording shows`);
    return { kind: 'pass', reply: engine.ask(name, args, this.#version), after: 0 };
  }

  /** What a recorded command changed then it changes in the fixture's server, too; within a transaction when that is executed. */
  #repeat(name: string, args: readonly Buffer[], { outcome }: RedisExchange, engine: Engine): void {
    if (!('ok' in outcome) || 'error' in outcome.ok) return;
    if (name === 'EXEC' && 'array' in outcome.ok) {
      for (const { command } of this.#transaction?.queued ?? []) engine.repeat(argumentText(command[0] ?? '').toUpperCase(), command.map(argumentBytes));
    } else if (!this.#transaction) engine.repeat(name, args);
  }

  /** After a lost connection a client subscribes to all that it was subscribed to, at once: every name was recorded, but not together. */
  #subscribedBefore(command: string, names: readonly string[]): RedisExchange | undefined {
    const found = names.map((name) => this.#recorded.ledger.peek(({ command: [said = '', ...known] }) => argumentText(said).toUpperCase() === command && known.some((one) => argumentText(one) === name)));
    return found.includes(undefined) ? undefined : found[0];
  }

  /** Keep track of MULTI; the answer of a command inside it, null outside. */
  #inTransaction(name: string, exchange: RedisExchange): Answer | null {
    if (name === 'MULTI') this.#transaction = { queued: [], broken: false };
    else if (name === 'EXEC' || name === 'DISCARD') this.#transaction = undefined;
    else if (this.#transaction && 'ok' in exchange.outcome) {
      this.#transaction = { ...this.#transaction, queued: [...this.#transaction.queued, exchange] };
      return { kind: 'reply', replies: [queuedReply(exchange)], exchange, after: exchange.ms ?? 0 };
    }
    return null;
  }

  #negotiate(name: string, args: readonly Buffer[], answer: Answer): void {
    if (name === 'RESET') {
      this.#version = 2;
      this.subscriptions.clear();
    }
    if (name === 'CLIENT' && args[1]?.toString().toUpperCase() === 'SETNAME') this.#name = args[2]?.toString() ?? '';
    const refused = answer.kind === 'reply' && answer.replies.some(isError);
    if (name === 'HELLO' && !refused) this.#version = helloVersion(args[1]?.toString(), this.#version) ?? this.#version;
  }
}

function isError(reply: RespValue): boolean {
  return 'error' in reply || 'blobError' in reply;
}
