import type { Body, EventBody, FileEvent, FileFacts, IoError, Outcome } from '@deja/format';
import type { LiveEvent, OpenEvent, Packing, Recorder } from '../core/recorder.js';
import { KeptBytes } from '../core/kept-bytes.js';
import { ioErrorOf } from '../drivers/shared/io-error.js';
import { isWithheld, withoutSecrets } from './secret-files.js';

export interface AskedFile {
  readonly operation: FileEvent['operation'];
  readonly path: string;
  readonly append: boolean;
}

/** `missing`: the function tells so by what it returns. */
export type Told = { readonly facts: Omit<FileFacts, 'content'> } | { readonly missing: true };

/** One look at, or into, a file. */
export class LiveFile implements LiveEvent {
  readonly kind = 'file';
  readonly #asked: AskedFile;
  readonly #cap: number;
  /** What was read, or written. */
  readonly #content = new KeptBytes();
  #open: OpenEvent | null = null;
  #told: Told | undefined;
  #error: { readonly error: unknown } | undefined;

  constructor(asked: AskedFile, cap: number) {
    this.#asked = asked;
    this.#cap = cap;
  }

  begin(recorder: Recorder): boolean {
    this.#open = recorder.begin(this);
    return this.#open !== null;
  }

  content(chunk: unknown, encoding?: unknown): void {
    this.#content.add(chunk, encoding, this.#cap, (bytes) => this.#open?.keep(bytes) === true);
  }

  done(told: Told): void {
    this.#told ??= told;
    this.#open?.end();
  }

  failed(error: unknown): void {
    if (this.#told === undefined) this.#error ??= { error };
    this.#open?.end();
  }

  toBody(pack: Packing): EventBody {
    const { operation, path, append } = this.#asked;
    const outcome = this.#outcome(pack);
    if (operation !== 'write') return { kind: 'file', operation, path, outcome };
    return { kind: 'file', operation, path, content: this.#body(pack), ...(append ? { append } : {}), outcome };
  }

  #outcome(pack: Packing): Outcome<FileFacts> {
    if (this.#error !== undefined) return { error: ioErrorOf(this.#error.error, (name, value) => pack.redact(name, value)) };
    if (this.#told === undefined) return { pending: {} };
    if ('missing' in this.#told) return { error: MISSING };
    return { ok: { ...this.#told.facts, ...(this.#asked.operation === 'read' ? { content: this.#body(pack) } : {}) } };
  }

  #body(pack: Packing): Body {
    const { path } = this.#asked;
    const { seen, missing } = this.#content;
    if (isWithheld(path)) {
      pack.limit(`the content of ${path} is a secret and was not kept`);
      return { text: '', truncated: seen };
    }
    const body = withoutSecrets(path, this.#content.chunks(), pack);
    if (missing <= 0) return body;
    pack.limit(`the content of ${path} was cut after ${seen - missing} bytes`);
    return { ...body, truncated: (body.truncated ?? 0) + missing };
  }
}

const MISSING: IoError = { message: 'no such file or directory', code: 'ENOENT' };
