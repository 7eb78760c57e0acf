import type { EventBody, IoError, Outcome, SocketPiece, SocketTalk } from '@deja/format';
import { now, rounded } from '../core/clock.js';
import type { LiveEvent, OpenEvent, Packing, Recorder } from '../core/recorder.js';
import { ioErrorOf } from '../drivers/shared/io-error.js';
import { phaseOf } from '../http/io-error.js';
import { withoutCredentials } from './credentials.js';

/** One piece by reference; without bytes, the moment from which the connection is encrypted. */
export interface KeptPiece {
  readonly from: 'client' | 'server';
  readonly at: number;
  readonly bytes?: Uint8Array;
}

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** What is known of the connection when one of its events is packaged. */
export interface ConnectionState {
  readonly address: Address;
  readonly session: number;
  readonly connected: boolean;
  readonly transport?: 'udp';
}

let sessions = 0;

/** The number of a new connection. */
export function nextSession(): number {
  sessions += 1;
  return sessions;
}

/** A piece costs so much beside its bytes. */
const PIECE_BYTES = 64;
const MOST_PIECES = 5000;
/** More than a handshake needs; kept for as long as the connection lives. */
const OPENING_BYTES = 16 * 1024;
/** What is written in so short a time is one message that its client wrote field by field. */
const ONE_MESSAGE_MS = 2;

/** What was said over a connection in the course of one scope. */
export class TalkEvent implements LiveEvent {
  readonly kind = 'socket';
  readonly #connection: ConnectionState;
  /** Of a talk that goes on with a connection: how that began. */
  readonly #opening: readonly KeptPiece[] | null;
  readonly #cap: number;
  readonly #begun = now();
  readonly #pieces: KeptPiece[] = [];
  #open: OpenEvent | null = null;
  #sent = 0;
  #received = 0;
  #kept = 0;
  #missing = 0;
  #closed = false;
  #end: SocketTalk['end'];
  #error: { readonly error: unknown } | undefined;

  constructor(connection: ConnectionState, opening: readonly KeptPiece[] | null, cap: number) {
    this.#connection = connection;
    this.#opening = opening;
    this.#cap = cap;
  }

  begin(recorder: Recorder): boolean {
    this.#open = recorder.begin(this);
    return this.#open !== null;
  }

  add(from: KeptPiece['from'], bytes: Uint8Array): void {
    if (from === 'client') this.#sent += bytes.byteLength;
    else this.#received += bytes.byteLength;
    const size = bytes.byteLength + PIECE_BYTES;
    // A hole would make everything after it unreadable.
    if (this.#missing > 0 || this.#pieces.length >= MOST_PIECES || this.#kept + size > this.#cap || this.#open?.keep(size) !== true) {
      this.#missing += bytes.byteLength;
      return;
    }
    this.#kept += size;
    this.#pieces.push({ from, at: now(), bytes });
  }

  secured(): void {
    this.#pieces.push({ from: 'client', at: now() });
  }

  /** The connection is closed, or the talk goes on in another scope. */
  over(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#open?.end();
  }

  /** One side says nothing more. */
  ends(by: 'client' | 'server', how: 'fin' | 'timeout'): void {
    if (!this.#closed) this.#end ??= { by, how, ms: rounded(now() - this.#begun) };
  }

  failed(error: unknown): void {
    if (this.#closed) return;
    this.#error = { error };
    this.over();
  }

  drop(): void {
    this.#open?.drop();
    this.#pieces.length = 0;
  }

  toBody(pack: Packing): EventBody {
    const { address, session, transport } = this.#connection;
    const { host, port, tls } = address;
    return {
      kind: 'socket', host, port, session,
      ...(transport ? { transport } : {}),
      ...(tls ? { tls } : {}),
      ...(this.#opening ? { continues: true } : {}),
      ...(this.#opening?.length ? { opening: this.#told(this.#opening, pack) } : {}),
      outcome: this.#outcome(pack),
    };
  }

  /** How the connection began, for the requests that come later. */
  beginning(): readonly KeptPiece[] {
    let bytes = 0;
    return this.#pieces.filter((piece) => (bytes += piece.bytes?.byteLength ?? 0) <= OPENING_BYTES);
  }

  #told(pieces: readonly KeptPiece[], pack: Packing): readonly SocketPiece[] {
    const whole = this.#connection.transport === 'udp' ? pieces : joined(pieces);
    const begun = pieces === this.#opening ? (pieces[0]?.at ?? 0) : this.#begun;
    return withoutCredentials(whole, (password) => pack.redact('password', password)).map(({ from, at, bytes }): SocketPiece => ({ from, ms: rounded(at - begun), ...(bytes ? { body: pack.unknown(bytes) } : {}) }));
  }

  #outcome(pack: Packing): Outcome<SocketTalk> {
    const partial = this.#connection.connected ? { partial: this.#talk(pack) } : {};
    if (this.#error !== undefined) return { error: this.#ioError(this.#error.error, pack), ...partial };
    return this.#closed ? { ok: this.#talk(pack) } : { pending: partial };
  }

  #ioError(error: unknown, pack: Packing): IoError {
    const { connected, address } = this.#connection;
    const phase = phaseOf(error, { tls: address.tls, connected, secured: connected, sent: this.#sent > 0, responded: this.#received > 0 });
    return ioErrorOf(error, (name, value) => pack.redact(name, value), { phase });
  }

  #talk(pack: Packing): SocketTalk {
    if (this.#missing > 0) pack.limit(`what went over the connection to ${this.#connection.address.host}:${this.#connection.address.port} was cut: ${this.#missing} bytes more were seen`);
    return {
      bytesSent: this.#sent,
      bytesReceived: this.#received,
      pieces: this.#told(this.#pieces, pack),
      ...(this.#missing > 0 ? { truncated: this.#missing } : {}),
      ...(this.#end ? { end: this.#end } : {}),
    };
  }
}

function joined(pieces: readonly KeptPiece[]): readonly KeptPiece[] {
  const result: { from: KeptPiece['from']; at: number; last: number; parts: Uint8Array[] | null }[] = [];
  for (const { from, at, bytes } of pieces) {
    const before = result.at(-1);
    if (bytes && from === 'client' && before?.from === from && before.parts && at - before.last <= ONE_MESSAGE_MS) {
      before.parts.push(bytes);
      before.last = at;
    } else result.push({ from, at, last: at, parts: bytes ? [bytes] : null });
  }
  return result.map(({ from, at, parts }) => ({ from, at, ...(parts ? { bytes: parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts) } : {}) }));
}
