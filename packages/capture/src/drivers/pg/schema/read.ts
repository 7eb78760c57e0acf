import { field, textField } from '../../shared/values.js';
import type { Catalog } from './catalog.js';
import { DEPENDENCIES, inOrder, type Made } from './dependencies.js';
import { DATABASE, DDL_QUERIES, LEFT_OUT } from './queries.js';
import { ORIGINS } from './tables.js';
import { TYPES } from './types.js';

const MAX_BYTES = 8 * 1024 * 1024;
const DEFAULT_PATH = '"$user", public';

/** What the driver gives for a text of one or several statements. */
export type Ask = (text: string) => unknown;

/** Reads the catalogs over a connection of its own, in one read-only transaction. */
export async function readCatalog(ask: Ask): Promise<{ readonly catalog: Catalog; readonly leftOut: readonly string[] }> {
  await ask('BEGIN READ ONLY');
  const [path] = rowsOf(await ask("SELECT current_setting('search_path') AS path"));
  await ask("SET LOCAL search_path TO ''; SET LOCAL statement_timeout TO 2000; SET LOCAL lock_timeout TO 500");
  const made: Made[] = [];
  let bytes = 0;
  // In one exchange: an application that starts has little time between its own.
  const answers = await ask([...DDL_QUERIES, DEPENDENCIES, DATABASE, TYPES, ORIGINS, LEFT_OUT].join(';\n'));
  const results = (Array.isArray(answers) ? answers : []).map(rowsOf);
  const [dependencies = [], [about] = [], types = [], origins = [], left = []] = results.splice(DDL_QUERIES.length);
  for (const row of results.flat()) {
    const sql = textField(row, 'sql') ?? '';
    bytes += sql.length;
    made.push({ id: textField(row, 'id') ?? '', sql: `${sql.trimEnd().replace(/;$/, '')};` });
  }
  if (bytes > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes of schema`);
  const needed = dependencies.map((row) => [textField(row, 'dependent') ?? '', textField(row, 'needed') ?? ''] as const);
  const statements = inOrder(made, needed).map((one) => one.sql);
  const typeNames = new Map(types.map((row) => [Number(textField(row, 'oid')), textField(row, 'name') ?? ''] as const));
  const tables = new Map(origins.map((row) => [Number(textField(row, 'oid')), { name: textField(row, 'name') ?? '', columns: columnsOf(row) }] as const));
  const leftOut = left.map((row) => `${textField(row, 'kind') ?? ''} ${textField(row, 'what') ?? ''}`);
  await ask('COMMIT');
  const searchPath = textField(path, 'path') ?? DEFAULT_PATH;
  const settings: Record<string, string> = searchPath === DEFAULT_PATH ? {} : { search_path: searchPath };
  for (const name of ['lc_collate', 'lc_ctype']) {
    const value = textField(about, name);
    if (value !== undefined) settings[name] = value;
  }
  // Bodies of functions may speak of tables that come later.
  const ddl = ['SET check_function_bodies = off;', ...statements].join('\n');
  return { catalog: { version: textField(about, 'version') ?? '', ddl, settings, types: typeNames, tables }, leftOut };
}

function columnsOf(row: unknown): ReadonlyMap<number, string> {
  const columns = JSON.parse(textField(row, 'columns') ?? '[]') as readonly (readonly [number, string])[];
  return new Map(columns);
}

function rowsOf(result: unknown): readonly unknown[] {
  const rows = field(result, 'rows');
  return Array.isArray(rows) ? rows : [];
}
