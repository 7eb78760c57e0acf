import { isUtf8 } from 'node:buffer';
import type { Body, DatabaseInfo, ServerInfo } from '@deja/format';
import { makeBody } from '@deja/format/writer';
import type { Redactor } from '../redact/redactor.js';
import type { Packing } from './recorder.js';

/** What one package gathers while its events are turned into data. */
export class Packer implements Packing {
  readonly blobs = new Map<string, Uint8Array>();
  readonly databases: DatabaseInfo[] = [];
  readonly servers: ServerInfo[] = [];
  readonly limits: string[] = [];
  readonly redactor: Redactor;
  readonly #cap: number;

  constructor(redactor: Redactor, cap: number) {
    this.redactor = redactor;
    this.#cap = cap;
  }

  body(chunks: readonly Uint8Array[], contentType?: string): Body {
    const whole = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
    const kept = whole.subarray(0, this.#cap);
    if (kept.length < whole.length) this.limit(`a body of ${whole.length} bytes was cut after ${this.#cap}`);
    return makeBody(this.redactor.body(kept, contentType), this.blobs, { truncated: whole.length - kept.length });
  }

  /** What is no text becomes a blob, however small: blobs are swept. */
  unknown(bytes: Uint8Array): Body {
    const redacted = this.redactor.body(bytes);
    return makeBody(redacted, this.blobs, this.redactor.off || isUtf8(redacted) ? {} : { inlineLimit: 0 });
  }

  redact(name: string, value: string): string {
    // Columns and keys hold documents: the names inside those count too.
    const redacted = this.redactor.cell(name, value);
    return typeof redacted === 'string' ? redacted : this.redactor.value(name, value);
  }

  database(info: Omit<DatabaseInfo, 'name'>): string {
    return registered(this.databases, info, info.database ?? info.file ?? info.engine);
  }

  server(info: Omit<ServerInfo, 'name'>): string {
    return registered(this.servers, info, info.kind);
  }

  limit(message: string): void {
    if (!this.limits.includes(message)) this.limits.push(message);
  }
}

/** The same description is the same entry; different ones get names of their own: `shop`, `shop-2`. */
function registered<T extends { readonly name: string }>(entries: T[], info: Omit<T, 'name'>, wish: string): string {
  const key = JSON.stringify(info);
  const known = entries.find((entry) => JSON.stringify({ ...entry, name: undefined }) === key);
  if (known) return known.name;
  let name = wish;
  for (let number = 2; entries.some((entry) => entry.name === name); number += 1) name = `${wish}-${number}`;
  // `name` first, as readers expect it; T is `Omit<T, 'name'>` with a name by its constraint.
  entries.push({ name, ...info } as unknown as T);
  return name;
}
