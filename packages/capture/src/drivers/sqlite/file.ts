import { resolve } from 'node:path';
import type { Packing } from '../../core/recorder.js';

/** One database file of the process. */
export class SqliteFile {
  readonly #path: string;
  readonly #version: string | undefined;
  /** As it was before the process ran its first statement: what the application itself makes at its start it makes again. */
  readonly #ddl: string | undefined;

  constructor(path: string, ddl: string | undefined, version: string | undefined) {
    this.#path = path;
    this.#ddl = ddl;
    this.#version = version;
  }

  get path(): string {
    return this.#path;
  }

  register(pack: Packing): string {
    return pack.database({
      engine: 'sqlite',
      file: this.#path,
      ...(this.#version === undefined ? {} : { version: this.#version }),
      ...(this.#ddl === undefined ? {} : { ddl: this.#ddl, ddlSource: 'introspected' }),
    });
  }
}

const byPath = new Map<string, SqliteFile>();

export interface Introspection {
  readonly path: string;
  readonly ddl: string;
  readonly version: string | undefined;
}

/** The file behind a connection. In-memory databases have no schema of before, and each is its own. */
export function fileOf(path: string | null, read: () => Omit<Introspection, 'path'>): SqliteFile {
  if (path === null || path === '' || path === ':memory:') return new SqliteFile(':memory:', undefined, undefined);
  const absolute = resolve(path);
  let file = byPath.get(absolute);
  if (file === undefined) {
    const { ddl, version } = read();
    file = new SqliteFile(absolute, ddl, version);
    byPath.set(absolute, file);
  }
  return file;
}

export const SCHEMA_QUERY = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid";
