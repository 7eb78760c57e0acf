import { field, textField } from '../../shared/values.js';
import type { Catalog } from './catalog.js';
import { DATABASE, DDL_QUERIES, LEFT_OUT, ORIGINS, TYPES } from './queries.js';

const MAX_BYTES = 8 * 1024 * 1024;
const DEFAULT_PATH = '"$user", public';

/** Rows of one statement, as objects of text. */
export type Ask = (text: string) => Promise<readonly unknown[]>;

/** Reads the catalogs over a connection of its own, in one read-only transaction. */
export async function readCatalog(ask: Ask): Promise<{ readonly catalog: Catalog; readonly leftOut: readonly string[] }> {
  await ask('BEGIN READ ONLY');
  const [path] = await ask("SELECT current_setting('search_path') AS path");
  await ask("SET LOCAL search_path TO ''; SET LOCAL statement_timeout TO 2000; SET LOCAL lock_timeout TO 500");
  const statements: string[] = [];
  let bytes = 0;
  for (const query of DDL_QUERIES) {
    for (const row of await ask(query)) {
      const statement = textField(row, 'sql') ?? '';
      bytes += statement.length;
      statements.push(`${statement.trimEnd().replace(/;$/, '')};`);
    }
    if (bytes > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes of schema`);
  }
  const [about] = await ask(DATABASE);
  const types = new Map((await ask(TYPES)).map((row) => [Number(textField(row, 'oid')), textField(row, 'name') ?? ''] as const));
  const tables = new Map((await ask(ORIGINS)).map((row) => [Number(textField(row, 'oid')), { name: textField(row, 'name') ?? '', columns: columnsOf(row) }] as const));
  const leftOut = (await ask(LEFT_OUT)).map((row) => `${textField(row, 'kind') ?? ''} ${textField(row, 'what') ?? ''}`);
  await ask('COMMIT');
  const searchPath = textField(path, 'path') ?? DEFAULT_PATH;
  const settings: Record<string, string> = searchPath === DEFAULT_PATH ? {} : { search_path: searchPath };
  for (const name of ['lc_collate', 'lc_ctype']) {
    const value = textField(about, name);
    if (value !== undefined) settings[name] = value;
  }
  // Bodies of functions may speak of tables that come later.
  const ddl = ['SET check_function_bodies = off;', ...statements].join('\n');
  return { catalog: { version: textField(about, 'version') ?? '', ddl, settings, types, tables }, leftOut };
}

function columnsOf(row: unknown): ReadonlyMap<number, string> {
  const columns = JSON.parse(textField(row, 'columns') ?? '[]') as readonly (readonly [number, string])[];
  return new Map(columns);
}

export function rowsOf(result: unknown): readonly unknown[] {
  const last: unknown = Array.isArray(result) ? result.at(-1) : result;
  const rows = field(last, 'rows');
  return Array.isArray(rows) ? rows : [];
}
