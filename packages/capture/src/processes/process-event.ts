import type { EventBody, Outcome, ProcessPiece, ProcessResult } from '@deja/format';
import { now, rounded } from '../core/clock.js';
import { KeptBytes } from '../core/kept-bytes.js';
import type { LiveEvent, OpenEvent, Packing, Recorder } from '../core/recorder.js';
import { ioErrorOf } from '../drivers/shared/io-error.js';
import { redactedArguments } from '../redact/process-data.js';

/** A program as it was asked for. */
export interface AskedProgram {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  /** Names. */
  readonly env: readonly string[] | undefined;
  readonly sync: boolean;
}

interface Piece {
  readonly from: ProcessPiece['from'];
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly after: number;
}

/** A piece costs so much beside its bytes. */
const PIECE_BYTES = 64;

/** One program that the application started. */
export class LiveProcess implements LiveEvent {
  readonly kind = 'process';
  readonly #asked: AskedProgram;
  readonly #cap: number;
  readonly #begun = now();
  readonly #input = new KeptBytes();
  readonly #pieces: Piece[] = [];
  #open: OpenEvent | null = null;
  #kept = 0;
  #missing = 0;
  #result: { readonly code: number | null; readonly signal: string | null } | undefined;
  #error: { readonly error: unknown } | undefined;

  constructor(asked: AskedProgram, cap: number) {
    this.#asked = asked;
    this.#cap = cap;
  }

  begin(recorder: Recorder): boolean {
    this.#open = recorder.begin(this);
    return this.#open !== null;
  }

  given(chunk: unknown, encoding?: unknown): void {
    this.#input.add(chunk, encoding, this.#cap, (bytes) => this.#open?.keep(bytes) === true);
  }

  said(from: ProcessPiece['from'], bytes: Uint8Array): void {
    const size = bytes.byteLength + PIECE_BYTES;
    if (this.#missing > 0 || this.#kept + size > this.#cap || this.#open?.keep(size) !== true) {
      this.#missing += bytes.byteLength;
      return;
    }
    this.#kept += size;
    this.#pieces.push({ from, at: now(), bytes, after: this.#input.seen });
  }

  exited(code: number | null, signal: string | null): void {
    this.#result ??= { code, signal };
  }

  failed(error: unknown): void {
    if (this.#result === undefined) this.#error ??= { error };
  }

  /** Nothing more is to come. */
  over(): void {
    this.#open?.end();
  }

  toBody(pack: Packing): EventBody {
    const { file, args, cwd, env, sync } = this.#asked;
    const input = this.#input.chunks();
    return {
      kind: 'process', file,
      args: redactedArguments(args, (name, value) => pack.redact(name, value), (text) => pack.redact('argument', text)),
      ...(cwd === undefined ? {} : { cwd }),
      ...(env ? { env } : {}),
      ...(input.length > 0 ? { input: pack.body(input) } : {}),
      ...(sync ? { sync } : {}),
      outcome: this.#outcome(pack),
    };
  }

  #outcome(pack: Packing): Outcome<ProcessResult> {
    if (this.#missing + this.#input.missing > 0) pack.limit(`input or output of ${this.#asked.file} was cut: ${this.#missing + this.#input.missing} bytes more were seen`);
    const pieces = this.#pieces.map(({ from, at, bytes, after }): ProcessPiece => ({ from, ms: rounded(at - this.#begun), body: pack.body([bytes]), ...(after > 0 ? { after } : {}) }));
    if (this.#error !== undefined) return { error: ioErrorOf(this.#error.error, (name, value) => pack.redact(name, value)), ...(pieces.length > 0 ? { partial: { pieces } } : {}) };
    if (this.#result === undefined) return { pending: { partial: { pieces } } };
    const { code, signal } = this.#result;
    return { ok: { code, ...(signal === null ? {} : { signal }), pieces } };
  }
}
