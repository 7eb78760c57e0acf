import type { Socket } from 'node:net';
import type { IoError } from '@deja/format';
import { type MysqlCommand, mysqlError, type MysqlPacket, mysqlPackets, mysqlPrepared, MysqlReader, mysqlTextColumn, mysqlColumn, MARIADB_EXTENDED_METADATA, MYSQL_CAN, mysqlEnd, readMysqlChangeUser, readMysqlCommand, readMysqlParameters } from '@deja/wire';
import type { SqlExchange } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import type { Decision, Decisions } from '../sql/decisions.js';
import { Release } from '../sql/release.js';
import { answerPayloads, columnPayloads, errorPayload, type Manner } from './answer.js';
import { clockFor } from './clock.js';
import type { MysqlQuestion } from './match.js';
import { MysqlStatements } from './statements.js';
import type { MysqlUpstream } from './upstream.js';

const OK = 0;
const AUTOCOMMIT = 2;
const COMMIT = /^\s*commit\b/i;
/** Errors with which the server rolls the whole transaction back. */
const ROLLS_BACK = new Set([1213, 1614, 3101]);
/** Errors after which the server ends the connection: it shuts down, or the connection was killed. */
const ENDS = new Set([1053, 1927, 3169, 4031]);
const UNKNOWN_COMMAND = 1047;

/** What a session needs of the connection that it is on. */
export interface SessionParts {
  readonly client: Socket;
  readonly upstream: MysqlUpstream;
  readonly decisions: Decisions<MysqlQuestion>;
  /** Texts that the proxy may answer, each with an exchange that shows its shape. */
  readonly verbatim: ReadonlyMap<string, SqlExchange>;
  readonly runtime: StubRuntime;
  readonly stub: string;
  /** As the two sides agreed. */
  readonly manner: Manner;
  /** What the engine calls a recorded database; undefined: it was not recorded. */
  readonly databaseOf: (name: string) => string | undefined;
}

/** One client's connection after it is in: every command in its turn. */
export class MysqlSession {
  readonly #parts: SessionParts;
  readonly #release: Release;
  readonly #statements = new MysqlStatements();
  #work: Promise<void> = Promise.resolve();
  #cancelHeld: (() => void) | undefined;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#release = new Release(parts.runtime, parts.stub);
    parts.upstream.whenEnded = () => parts.client.destroySoon();
  }

  receive(packet: MysqlPacket): void {
    this.#work = this.#work.then(() => this.#handle(packet)).catch((error: unknown) => this.#fail(error));
  }

  close(): void {
    this.#cancelHeld?.();
    this.#parts.upstream.whenEnded = undefined;
    this.#parts.upstream.close();
    this.#parts.client.destroySoon();
  }

  async #handle(packet: MysqlPacket): Promise<void> {
    const { client, upstream } = this.#parts;
    if (client.destroyed) return;
    const command = readMysqlCommand(packet.payload);
    switch (command.type) {
      case 'query':
        return this.#query(command.text, packet);
      case 'prepare':
        return this.#prepare(command.text, packet);
      case 'execute':
        return this.#execute(command, packet);
      case 'database':
        return this.#use(command.name, packet);
      case 'change-user':
        return this.#changeUser(packet);
      case 'reset': {
        const { raw, first } = await upstream.ask(packet.raw, 'one');
        this.#statements.clear();
        await upstream.begin(first);
        return this.#send(raw);
      }
      case 'long-data': {
        const known = this.#statements.get(command.statement);
        known?.ahead.set(command.parameter, Buffer.concat([known.ahead.get(command.parameter) ?? Buffer.alloc(0), command.data]));
        if (known?.refused === undefined) upstream.tell(packet.raw);
        return;
      }
      case 'close':
        if (!this.#statements.close(command.statement)) upstream.tell(packet.raw);
        return;
      case 'reset-statement': {
        const known = this.#statements.get(command.statement);
        known?.ahead.clear();
        return known?.refused === undefined ? this.#pass(packet, 'one') : this.#own([Buffer.from([OK, 0, 0, AUTOCOMMIT, 0, 0, 0])], packet);
      }
      case 'fetch':
        return this.#pass(packet, 'rows');
      case 'fields':
        return this.#pass(packet, 'fields');
      case 'ping':
      case 'option':
      case 'other':
        return this.#pass(packet, 'one');
      case 'quit':
        return this.close();
      case 'unknown':
        return this.#own([mysqlError(UNKNOWN_COMMAND, '08S01', 'Unknown command')], packet);
    }
  }

  async #query(text: string, packet: MysqlPacket): Promise<void> {
    const began = this.#parts.runtime.pace.now();
    const decision = this.#parts.decisions.decide({ text });
    if (decision.verbatim) return this.#answer(decision, text, false, began, packet);
    await this.#pinClock(text, decision);
    this.#release.enter(decision.exchange, began);
    const { raw } = await this.#parts.upstream.ask(packet.raw, 'results');
    await this.#release.run(() => this.#send(raw));
  }

  async #prepare(text: string, packet: MysqlPacket): Promise<void> {
    const { raw, first } = await this.#parts.upstream.ask(packet.raw, 'prepare');
    const shape = this.#parts.verbatim.get(text);
    if (first[0] === OK) {
      const reader = new MysqlReader(first, 1);
      const number = reader.uint32();
      reader.uint16();
      this.#statements.add(number, text, reader.uint16());
      return this.#send(raw);
    }
    if (!shape) return this.#send(raw);
    // The engine does not know this kind of statement; nobody will ask it to execute it.
    const { manner } = this.#parts;
    const parameters = shape.params.length;
    const number = this.#statements.addOwn(text, parameters, first);
    const { fields, rows } = shape.answer && 'ok' in shape.answer ? shape.answer.ok : { fields: [], rows: [] };
    const end = manner.capabilities & MYSQL_CAN.deprecateEof ? [] : [mysqlEnd(manner.status, false)];
    const marks = Array.from({ length: parameters }, () => mysqlColumn(mysqlTextColumn('?'), (manner.extended & MARIADB_EXTENDED_METADATA) !== 0));
    this.#own([mysqlPrepared(number, fields.length, parameters), ...(parameters > 0 ? [...marks, ...end] : []), ...(fields.length > 0 ? [...columnPayloads(fields, rows, manner), ...end] : [])], packet);
  }

  async #execute({ statement, payload }: Extract<MysqlCommand, { type: 'execute' }>, packet: MysqlPacket): Promise<void> {
    const prepared = this.#statements.get(statement);
    // The engine says what is wrong.
    if (!prepared) return this.#pass(packet, 'results');
    const began = this.#parts.runtime.pace.now();
    const { values, types } = readMysqlParameters(payload, prepared.parameters, prepared.types, prepared.ahead);
    prepared.types = types;
    prepared.ahead.clear();
    const decision = this.#parts.decisions.decide({ text: prepared.text, params: values });
    if (decision.verbatim) return this.#answer(decision, prepared.text, true, began, packet);
    if (prepared.refused !== undefined) return this.#own([prepared.refused], packet);
    await this.#pinClock(prepared.text, decision);
    this.#release.enter(decision.exchange, began);
    const { raw } = await this.#parts.upstream.ask(packet.raw, 'results');
    await this.#release.run(() => this.#send(raw));
  }

  /** What the recording says, in the engine's place. */
  async #answer({ exchange }: Decision, text: string, binary: boolean, began: number, packet: MysqlPacket): Promise<void> {
    const { client, manner, runtime, stub } = this.#parts;
    const answer = exchange?.answer;
    if (!exchange || !answer) return;
    if ('never' in answer) {
      runtime.journal.serve(exchange.seq, stub);
      // Until the client goes.
      await new Promise<void>((resolve) => (this.#cancelHeld = resolve));
      return;
    }
    if ('error' in answer) await this.#failTransaction(text, answer.error);
    this.#release.enter(exchange, began);
    await this.#release.run(() => {
      if ('ok' in answer) this.#own(answerPayloads(answer.ok, binary, manner), packet);
      else if ('error' in answer) this.#own([errorPayload(answer.error)], packet);
      else {
        if (answer.after) this.#own(answerPayloads(answer.after, binary, manner, false), packet);
        this.#drop(answer.drop);
      }
    });
    if ('error' in answer && ENDS.has(answer.error.errno ?? 0)) client.end();
  }

  /** A reset overtakes what was written just before it: that goes out first. */
  #drop(how: 'fin' | 'rst'): void {
    const { client, upstream } = this.#parts;
    upstream.whenEnded = undefined;
    upstream.close();
    if (how === 'fin') client.destroySoon();
    else if (client.writableLength === 0) client.resetAndDestroy();
    else client.write('', () => client.resetAndDestroy());
  }

  /** What an error does to the transaction it does in the engine too. */
  async #failTransaction(text: string, { errno }: IoError): Promise<void> {
    if (COMMIT.test(text) || ROLLS_BACK.has(errno ?? 0)) await this.#parts.upstream.run('ROLLBACK');
  }

  async #use(name: string, packet: MysqlPacket): Promise<void> {
    const { upstream, databaseOf } = this.#parts;
    const own = databaseOf(name);
    if (own === undefined) return this.#unknown(name, packet);
    const { raw } = await upstream.ask(mysqlPackets([Buffer.concat([packet.payload.subarray(0, 1), Buffer.from(own)])], 0), 'one');
    this.#send(raw);
  }

  async #changeUser(packet: MysqlPacket): Promise<void> {
    const { upstream, databaseOf } = this.#parts;
    const { database, charset } = readMysqlChangeUser(packet.payload);
    const own = database === undefined ? undefined : databaseOf(database);
    if (database !== undefined && own === undefined) return this.#unknown(database, packet);
    this.#statements.clear();
    this.#own([await upstream.changeUser(upstream.where.user, own, charset ?? 45)], packet);
  }

  #unknown(name: string, packet: MysqlPacket): void {
    const { runtime, stub } = this.#parts;
    runtime.journal.diverge({ stub, asked: `use database ${name}`, reason: 'it was not recorded on this server' });
    this.#own([unknownDatabase(name)], packet);
  }

  async #pinClock(text: string, { exchange }: Decision): Promise<void> {
    const { upstream } = this.#parts;
    const now = upstream.where.now?.();
    const set = clockFor(text, now === undefined ? undefined : (exchange?.time ?? now));
    if (set !== undefined) await upstream.run(set);
  }

  async #pass(packet: MysqlPacket, kind: 'one' | 'rows' | 'fields' | 'results'): Promise<void> {
    this.#send((await this.#parts.upstream.ask(packet.raw, kind)).raw);
  }

  #own(payloads: readonly Buffer[], { sequence }: MysqlPacket): void {
    this.#send(mysqlPackets(payloads, sequence + 1));
  }

  #send(bytes: Buffer): void {
    const { client } = this.#parts;
    if (client.writable) client.write(bytes);
  }

  #fail(error: unknown): void {
    const { client, runtime, stub } = this.#parts;
    if (!client.destroyed) runtime.journal.note(`${stub}: ${error instanceof Error ? error.message : String(error)}`);
    this.close();
  }
}

export function unknownDatabase(name: string): Buffer {
  return mysqlError(1049, '42000', `Unknown database '${name}'`);
}
