import type { Socket } from 'node:net';
import { type PgBackendMessage, type PgFrontendMessage, pgBare, pgParse, pgQuery, pgReadyForQuery } from '@deja/wire';
import type { SqlExchange } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import type { Decision, Decisions } from '../sql/decisions.js';
import { Release } from '../sql/release.js';
import { errorMessage, isFatal, type OwnAnswer, simpleAnswer } from './answer.js';
import { ExtendedBatch } from './extended-batch.js';
import type { SqlQuestion } from './match.js';
import type { Upstream } from './upstream.js';

/** No statement at all: makes the engine fail the transaction that a recorded error failed. */
const BROKEN = 'deja: fail this transaction';
const COMMIT = /^\s*(?:commit|end)\b/i;
/** Copying, and what the client must see at once to go on. */
const AT_ONCE = new Set(['G', 'W', 'H', 'd']);
const CANCELLED: OwnAnswer = { error: { message: 'canceling statement due to user request', code: '57014' } };

/** One client's connection after its start-up: every message in its turn. */
export class PgSession {
  readonly #client: Socket;
  readonly #upstream: Upstream;
  readonly #decisions: Decisions<SqlQuestion>;
  readonly #runtime: StubRuntime;
  readonly #stub: string;
  readonly #release: Release;
  readonly #batch: ExtendedBatch;
  #work: Promise<void> = Promise.resolve();
  /** The engine's word on the transaction: idle, inside, failed. */
  #status = 'I';
  #cancelHeld: (() => void) | undefined;

  constructor(client: Socket, upstream: Upstream, decisions: Decisions<SqlQuestion>, verbatim: ReadonlyMap<string, SqlExchange>, runtime: StubRuntime, stub: string) {
    this.#client = client;
    this.#upstream = upstream;
    this.#decisions = decisions;
    this.#runtime = runtime;
    this.#stub = stub;
    this.#release = new Release(runtime, stub);
    this.#batch = new ExtendedBatch({ upstream, decisions, verbatim, now: () => runtime.pace.now(), write: (bytes) => this.#send(bytes) });
    this.#idle(true);
    upstream.whenEnded = () => client.destroySoon();
  }

  receive(message: PgFrontendMessage): void {
    // While copying in, the engine waits for data and nothing else happens on the connection.
    if (message.type === 'copy') this.#upstream.write(message.raw);
    else if (message.type === 'terminate') this.close();
    else this.#work = this.#work.then(() => this.#handle(message)).catch((error: unknown) => this.#fail(error));
  }

  close(): void {
    this.#upstream.whenEnded = undefined;
    this.#upstream.close();
    this.#client.destroySoon();
  }

  /** True: a statement that was held without an answer has been cancelled, the engine knows nothing of it. */
  cancel(): boolean {
    const cancel = this.#cancelHeld;
    this.#cancelHeld = undefined;
    cancel?.();
    return cancel !== undefined;
  }

  async #handle(message: PgFrontendMessage): Promise<void> {
    if (this.#client.destroyed) return;
    this.#idle(false);
    switch (message.type) {
      case 'query':
        await this.#query(message.text, message.raw);
        break;
      case 'parse':
      case 'bind':
      case 'describe':
      case 'execute':
      case 'close':
        await this.#extended(message);
        break;
      case 'flush':
        await this.#flush(message.raw);
        break;
      case 'sync':
        await this.#sync();
        break;
      case 'function-call':
        this.#upstream.write(message.raw);
        await this.#out(await this.#untilReady());
        break;
      case 'password':
      case 'copy':
      case 'terminate':
      case 'startup':
      case 'cancel':
      case 'ssl-request':
      case 'gss-request':
        break;
    }
    // Inside an extended batch the engine's answers are still to be read.
    this.#idle(!this.#batch.open);
  }

  async #query(text: string, raw: Buffer): Promise<void> {
    if (this.#batch.open) {
      // A simple query inside a batch: what came before it is answered first; after an error it is skipped like everything up to Sync.
      await this.#flush(pgBare('H'));
      if (this.#batch.broken) return;
    }
    const began = this.#runtime.pace.now();
    const decision = this.#decisions.decide({ text, params: [] });
    const answer = await this.#ownAnswer(decision, began);
    if (answer === 'ended') return;
    if (answer) {
      const messages = 'ok' in answer ? simpleAnswer(answer.ok) : [errorMessage(answer.error)];
      if ('error' in answer) await this.#failTransaction(text);
      this.#release.enter(decision.exchange, began);
      await this.#out([...messages, pgReadyForQuery(this.#status)]);
      if ('error' in answer && isFatal(answer.error)) this.close();
      return;
    }
    this.#release.enter(decision.exchange, began);
    this.#upstream.query(text, raw);
    await this.#out(await this.#untilReady());
  }

  async #extended(message: Extract<PgFrontendMessage, { type: 'parse' | 'bind' | 'describe' | 'execute' | 'close' }>): Promise<void> {
    if (message.type !== 'execute' || this.#batch.failed) {
      this.#batch.take(message);
      return;
    }
    const portal = this.#batch.portal(message.portal);
    if (!portal) return this.#batch.take(message);
    const first = !portal.started;
    if (first && portal.decision.verbatim) {
      const answer = await this.#ownAnswer(portal.decision, portal.began);
      if (answer === 'ended') return;
      if (answer) this.#batch.answer(portal, answer);
    }
    if (first) this.#release.enter(portal.decision.exchange, portal.began);
    this.#batch.take(message);
  }

  async #flush(raw: Buffer): Promise<void> {
    this.#upstream.write(raw);
    await this.#batch.resolve();
    await this.#out(this.#batch.takeOutput());
  }

  async #sync(): Promise<void> {
    const failed = this.#batch.failed;
    // The engine must fail what a recorded error failed, so that it rolls back what came before.
    if (failed) this.#upstream.write(pgParse('', BROKEN, []));
    this.#upstream.write(pgBare('S'));
    await this.#batch.resolve();
    const output = this.#batch.takeOutput();
    for (const message of await this.#readUntilReady()) if (['A', 'N', 'S'].includes(message.kind)) output.push(message.raw);
    if (failed && COMMIT.test(failed.text)) await this.#run('ROLLBACK');
    this.#batch.end();
    await this.#out([...output, pgReadyForQuery(this.#status)]);
    if (failed && isFatal(failed.error)) this.close();
  }

  /** What the proxy answers by itself. Null: nothing. `ended`: the connection is over. Waits for as long as no answer shall come. */
  async #ownAnswer({ exchange, verbatim }: Decision, began: number): Promise<OwnAnswer | 'ended' | null> {
    const answer = exchange?.answer;
    if (!verbatim || !exchange || !answer) return null;
    if ('never' in answer) {
      this.#runtime.journal.serve(exchange.seq, this.#stub);
      await new Promise<void>((resolve) => {
        this.#cancelHeld = resolve;
      });
      return CANCELLED;
    }
    if (!('drop' in answer)) return answer;
    this.#release.enter(exchange, began);
    await this.#release.run(() => {
      this.#upstream.whenEnded = undefined;
      this.#upstream.close();
      if (answer.drop === 'rst') this.#client.resetAndDestroy();
      else this.#client.destroySoon();
    });
    return 'ended';
  }

  /** A recorded error fails a transaction in the engine too; after a failed COMMIT there is none any more. */
  async #failTransaction(text: string): Promise<void> {
    if (COMMIT.test(text)) await this.#run('ROLLBACK');
    else if (this.#status === 'T') await this.#run(BROKEN);
  }

  /** Run a statement of our own; nobody sees its answer. */
  async #run(statement: string): Promise<void> {
    this.#upstream.write(pgQuery(statement));
    await this.#readUntilReady();
  }

  async #untilReady(): Promise<Buffer[]> {
    const messages = await this.#readUntilReady();
    return [...messages.map(({ raw }) => raw), pgReadyForQuery(this.#status)];
  }

  /** All messages before the next ReadyForQuery, whose status is kept. While copying, they go to the client as they come. */
  async #readUntilReady(): Promise<PgBackendMessage[]> {
    const messages: PgBackendMessage[] = [];
    for (;;) {
      const message = await this.#upstream.next();
      if (message.kind === 'Z') {
        this.#status = message.body.toString('latin1');
        return messages;
      }
      messages.push(message);
      if (AT_ONCE.has(message.kind)) this.#send(Buffer.concat(messages.splice(0).map(({ raw }) => raw)));
    }
  }

  async #out(output: readonly Buffer[]): Promise<void> {
    await this.#release.run(() => this.#send(Buffer.concat(output)));
  }

  #send(bytes: Buffer): void {
    if (bytes.length > 0 && this.#client.writable) this.#client.write(bytes);
  }

  #idle(idle: boolean): void {
    this.#upstream.whenIdle = idle ? (message) => this.#send(message.raw) : undefined;
  }

  #fail(error: unknown): void {
    if (!this.#client.destroyed) this.#runtime.journal.note(`${this.#stub}: ${error instanceof Error ? error.message : String(error)}`);
    this.close();
  }
}
