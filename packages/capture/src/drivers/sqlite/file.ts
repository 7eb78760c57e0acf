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

/** Tables in which a virtual one keeps what it holds are made with it. (Older versions cannot tell which they are.) */
const SHADOWS = "'data', 'idx', 'content', 'docsize', 'config', 'segments', 'segdir', 'stat', 'node', 'rowid', 'parent'";

export const SCHEMA_QUERY = `SELECT m.sql FROM sqlite_master m WHERE m.sql IS NOT NULL AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND NOT EXISTS (
  SELECT 1 FROM sqlite_master v WHERE v.sql LIKE 'CREATE VIRTUAL TABLE%' AND substr(m.name, 1, length(v.name) + 1) = v.name || '_' AND substr(m.name, length(v.name) + 2) IN (${SHADOWS})) ORDER BY m.rowid`;
