import type { SqlDatabase } from '../../packages/fixtures/src/engines/engine.js';

interface Rows {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** What a driver gives for a text: of several statements a list. @throws Error with the engine's words. */
export async function askLikeDriver(database: SqlDatabase, text: string): Promise<Rows | readonly Rows[]> {
  const outcome = await (await database.session(1)).execute(text);
  if ('error' in outcome) throw new Error(`${outcome.error.message}, in: ${text.slice(0, 200)}`);
  const { more, ...first } = outcome.ok;
  const [only = { rows: [] }, ...others] = [first, ...(more ?? [])].map(({ fields, rows }) => ({ rows: rows.map((row) => Object.fromEntries(fields.map((field, index) => [field.name, row[index]]))) }));
  return others.length === 0 ? only : [only, ...others];
}
