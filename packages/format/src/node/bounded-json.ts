import type { Caps } from './caps.js';
import { refuse } from './package-error.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Parses JSON whose size, nesting and number of values are bounded before anything is built from it. */
export class BoundedJson {
  readonly #pkg: string;
  readonly #caps: Caps;
  /** Names seen in the open objects, by depth; -1 for arrays and outside. */
  readonly #names: Int32Array;
  #bytes = 0;
  #values = 0;
  #containers = 0;

  constructor(pkg: string, caps: Caps) {
    this.#pkg = pkg;
    this.#caps = caps;
    this.#names = new Int32Array(caps.depth + 1).fill(-1);
  }

  /** `where` names the text in messages: `manifest.json`, `timeline.jsonl line 3`. */
  parse(bytes: Buffer, where: string): unknown {
    this.#measure(bytes, where);
    try {
      return JSON.parse(bytes.toString('utf8'));
    } catch (error) {
      throw refuse('DAMAGED', this.#pkg, `${where} is not JSON (${firstLine(error)})`, error);
    }
  }

  #measure(bytes: Buffer, where: string): void {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#caps.jsonBytes) throw refuse('TOO_LARGE', this.#pkg, `${where} brings its JSON above ${this.#caps.jsonBytes} bytes`);
    if (bytes.length > this.#caps.documentBytes) throw refuse('TOO_LARGE', this.#pkg, `${where} has ${bytes.length} bytes; the limit is ${this.#caps.documentBytes}`);
    const names = this.#names;
    let depth = 0;
    let inString = false;
    let values = this.#values + 1;
    let containers = this.#containers;
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index];
      if (inString) {
        if (byte === BACKSLASH) index++;
        else if (byte === QUOTE) inString = false;
      } else if (byte === QUOTE) inString = true;
      else if (byte === COMMA) {
        values++;
        const seen = names[depth] ?? -1;
        if (seen !== -1 && (names[depth] = seen + 1) > this.#caps.names) throw refuse('TOO_LARGE', this.#pkg, `${where} has an object with more than ${this.#caps.names} names`);
      } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
        values++;
        containers++;
        if (++depth > this.#caps.depth) throw refuse('TOO_LARGE', this.#pkg, `${where} is nested deeper than ${this.#caps.depth} levels`);
        names[depth] = byte === OPEN_OBJECT ? 1 : -1;
      } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth = Math.max(0, depth - 1);
    }
    if (values > this.#caps.values) throw refuse('TOO_LARGE', this.#pkg, `${where} brings the package above ${this.#caps.values} JSON values`);
    if (containers > this.#caps.containers) throw refuse('TOO_LARGE', this.#pkg, `${where} brings the package above ${this.#caps.containers} JSON arrays and objects`);
    this.#values = values;
    this.#containers = containers;
  }
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const line = message.split('\n', 1)[0] ?? '';
  return line.length > 120 ? `${line.slice(0, 120)}…` : line;
}
