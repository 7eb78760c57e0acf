import type { LogStream } from './protocol.js';

/** Lines shown in a failure. */
export const FAILURE_LINES = 20;
const KEPT_LINES = 200;
const MAX_LINE = 2000;
/** Bytes passed on to the host per run; an application that floods its output must not flood the host. */
const MAX_FORWARDED = 8 * 1024 * 1024;

/** Everything the application prints: passed on as it is, and its last lines kept. */
export class AppOutput {
  readonly #forward: (stream: LogStream, bytes: Uint8Array) => void;
  readonly #lines: string[] = [];
  readonly #partial = new Map<LogStream, string>();
  #forwarded = 0;
  #cut = 0;

  constructor(forward: (stream: LogStream, bytes: Uint8Array) => void) {
    this.#forward = forward;
  }

  push(stream: 'stdout' | 'stderr', bytes: Buffer): void {
    this.#pass(stream, bytes);
    const parts = ((this.#partial.get(stream) ?? '') + bytes.toString('utf8')).split('\n');
    this.#partial.set(stream, (parts.pop() ?? '').slice(0, MAX_LINE));
    for (const part of parts) this.#lines.push(part.slice(0, MAX_LINE).replace(/\r$/, ''));
    if (this.#lines.length > KEPT_LINES) this.#lines.splice(0, this.#lines.length - KEPT_LINES);
  }

  /** Bytes that the host was not given, for there were too many. */
  get cut(): number {
    return this.#cut;
  }

  /** The last lines, oldest first, an unfinished one included. */
  last(count: number = KEPT_LINES): readonly string[] {
    const unfinished = [...this.#partial.values()].filter((line) => line !== '');
    return [...this.#lines, ...unfinished].slice(-count);
  }

  #pass(stream: 'stdout' | 'stderr', bytes: Buffer): void {
    const given = bytes.subarray(0, MAX_FORWARDED - this.#forwarded);
    this.#forwarded += given.length;
    if (given.length > 0) this.#forward(stream, given);
    if (given.length === bytes.length) return;
    if (this.#cut === 0) this.#forward('agent', Buffer.from(`the application printed more than ${MAX_FORWARDED} bytes: the rest is not passed on\n`));
    this.#cut += bytes.length - given.length;
  }
}
