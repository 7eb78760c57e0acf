import { connect, type Socket } from 'node:net';
import { MysqlReader, mysqlChangeUser, type MysqlGreeting, mysqlLogin, type MysqlLogin, mysqlPackets, type MysqlPacket, MysqlPacketParser, mysqlQuery, MysqlResponse, type MysqlResponseKind, readMysqlGreeting } from '@deja/wire';
import type { Clock } from '../clock.js';
import type { SqlUpstream } from '../sql/upstream.js';

/** A whole answer of the engine, as it came. */
export interface EngineAnswer {
  readonly raw: Buffer;
  readonly first: Buffer;
  readonly last: Buffer;
}

const ERROR = 0xff;
const SWITCH = 0xfe;

/** One connection to the engine. One command at a time is asked; what comes unasked is the engine's farewell. */
export class MysqlUpstream {
  readonly where: SqlUpstream;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #parser = new MysqlPacketParser();
  readonly #arrived: MysqlPacket[] = [];
  #reader: { resolve(packet: MysqlPacket): void; reject(error: Error): void } | undefined;
  #ended: Error | undefined;
  #capabilities = 0;
  whenEnded: (() => void) | undefined;

  private constructor(where: SqlUpstream, clock: Clock) {
    this.where = where;
    this.#clock = clock;
    this.#socket = 'path' in where ? connect(where.path) : connect(where.port, where.address);
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk: Buffer) => {
      this.#parser.push(chunk);
      for (let packet = this.#parser.next(); packet; packet = this.#parser.next()) this.#deliver(packet);
    });
    this.#socket.on('error', (error) => this.#end(error));
    this.#socket.on('close', () => this.#end(new Error('the engine closed the connection')));
  }

  /** Connects, and reads what the engine says about itself. */
  static async connect(where: SqlUpstream, clock: Clock): Promise<{ readonly upstream: MysqlUpstream; readonly greeting: MysqlGreeting }> {
    const upstream = new MysqlUpstream(where, clock);
    try {
      return { upstream, greeting: readMysqlGreeting((await upstream.#next()).payload) };
    } catch (error) {
      upstream.close();
      throw error;
    }
  }

  /** Signs in without a password; gives the engine's last word, OK or an error. Sessions begin with the recorded settings. */
  async login(login: Omit<MysqlLogin, 'auth' | 'plugin'>): Promise<Buffer> {
    this.#capabilities = login.capabilities;
    const answer = await this.#signedIn(mysqlPackets([mysqlLogin(login)], 1));
    await this.begin(answer);
    return answer;
  }

  /** The same for another user on the same connection. */
  async changeUser(user: string, database: string | undefined, charset: number): Promise<Buffer> {
    const answer = await this.#signedIn(mysqlPackets([mysqlChangeUser(user, database, charset)], 0));
    await this.begin(answer);
    return answer;
  }

  /** After `answer`, unless that is an error: what a fresh session is told. */
  async begin(answer: Buffer): Promise<void> {
    if (answer[0] === ERROR) return;
    for (const text of this.where.start ?? []) await this.run(text);
  }

  /** A statement of our own; nobody sees its answer. */
  async run(text: string): Promise<void> {
    await this.ask(mysqlPackets([mysqlQuery(text)], 0), 'results');
  }

  async ask(raw: Buffer, kind: MysqlResponseKind): Promise<EngineAnswer> {
    this.tell(raw);
    const response = new MysqlResponse(kind, this.#capabilities);
    const packets: Buffer[] = [];
    let first: Buffer | undefined;
    for (;;) {
      const packet = await this.#next();
      packets.push(packet.raw);
      first ??= packet.payload;
      if (response.take(packet.payload)) return { raw: Buffer.concat(packets), first, last: packet.payload };
    }
  }

  /** What has no answer. */
  tell(raw: Buffer): void {
    this.#socket.write(raw);
  }

  close(): void {
    this.#socket.end();
  }

  async #signedIn(raw: Buffer): Promise<Buffer> {
    this.tell(raw);
    for (;;) {
      const { payload, sequence } = await this.#next();
      // The account has no password, whichever way it is asked for.
      if (payload[0] === SWITCH) this.tell(mysqlPackets([Buffer.alloc(0)], sequence + 1));
      else if (payload[0] === ERROR || payload[0] === 0) return payload;
    }
  }

  #next(): Promise<MysqlPacket> {
    const packet = this.#arrived.shift();
    if (packet) return Promise.resolve(packet);
    if (this.#ended) return Promise.reject(this.#ended);
    const working = this.#clock.working();
    return new Promise<MysqlPacket>((resolve, reject) => {
      this.#reader = { resolve, reject };
    }).finally(() => working[Symbol.dispose]());
  }

  #deliver(packet: MysqlPacket): void {
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader) reader.resolve(packet);
    else this.#arrived.push(packet);
  }

  #end(error: Error): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#reader?.reject(error);
    this.whenEnded?.();
  }
}

/** What an ERR packet says: `1045 Access denied …`. */
export function engineError(payload: Buffer): string {
  const reader = new MysqlReader(payload, 1);
  return `${reader.uint16()} ${reader.rest().toString().replace(/^#.{5}/, '')}`;
}

