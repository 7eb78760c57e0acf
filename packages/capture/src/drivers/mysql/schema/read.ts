import { textField } from '../../shared/values.js';
import type { MysqlCatalog } from './catalog.js';

const MAX_BYTES = 8 * 1024 * 1024;

/** Rows of one statement, as objects of text. */
export type Ask = (text: string) => Promise<readonly unknown[]>;

/** Session settings that change results. */
const SETTINGS = [
  'sql_mode', 'time_zone', 'character_set_client', 'character_set_connection', 'character_set_results', 'collation_connection', 'collation_database', 'group_concat_max_len', 'div_precision_increment',
  'default_week_format', 'lc_time_names', 'auto_increment_increment', 'auto_increment_offset', 'transaction_isolation', 'tx_isolation', 'lower_case_table_names', 'innodb_rollback_on_timeout',
];

/** Reads the schema over a connection of its own. Statements of tables come first, then routines, views, triggers; foreign keys may point ahead. */
export async function readMysqlCatalog(ask: Ask): Promise<{ readonly catalog: MysqlCatalog; readonly leftOut: readonly string[] }> {
  const settings = await readSettings(ask);
  const leftOut: string[] = [];
  let bytes = 0;
  const statement = async (show: string, column: RegExp): Promise<readonly string[]> => {
    const [row] = await ask(show);
    const [, text] = Object.entries(row ?? {}).find(([name]) => column.test(name)) ?? [];
    // Only who made a view or a routine may read it.
    if (typeof text !== 'string') leftOut.push(show.replace(/^SHOW CREATE /, ''));
    else bytes += text.length;
    if (bytes > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes of schema`);
    return typeof text === 'string' ? [text] : [];
  };
  const tables: string[] = [];
  const views: string[] = [];
  for (const row of await ask('SHOW FULL TABLES')) {
    const [name = '', kind = ''] = Object.values(row as object).map(String);
    if (kind === 'VIEW') views.push(...(await statement(`SHOW CREATE VIEW ${quoted(name)}`, /^create view$/i)));
    else if (kind === 'SEQUENCE') tables.push(...(await statement(`SHOW CREATE SEQUENCE ${quoted(name)}`, /^create (table|sequence)$/i)));
    else tables.push(...(await statement(`SHOW CREATE TABLE ${quoted(name)}`, /^create table$/i)).map(withoutState));
  }
  const routines: string[] = [];
  for (const kind of ['FUNCTION', 'PROCEDURE']) {
    for (const row of await ask(`SHOW ${kind} STATUS WHERE Db = DATABASE()`)) routines.push(...(await statement(`SHOW CREATE ${kind} ${quoted(textField(row, 'Name') ?? '')}`, /^create (function|procedure)$/i)));
  }
  const triggers: string[] = [];
  for (const row of await ask('SHOW TRIGGERS')) triggers.push(...(await statement(`SHOW CREATE TRIGGER ${quoted(textField(row, 'Trigger') ?? '')}`, /statement$/i)));
  const ddl = [...tables, ...routines, ...inOrder(views), ...triggers].map((text) => `${text.trim().replace(/;+$/, '')};`).join('\n');
  const { version = '', ...others } = settings;
  return { catalog: { version, ddl, settings: others }, leftOut };
}

async function readSettings(ask: Ask): Promise<Readonly<Record<string, string>>> {
  const rows = await ask(`SHOW SESSION VARIABLES WHERE Variable_name IN (${['version', ...SETTINGS].map((name) => `'${name}'`).join(', ')})`);
  const settings = Object.fromEntries(rows.map((row) => [textField(row, 'Variable_name') ?? '', textField(row, 'Value') ?? '']));
  if (/^[+-]\d\d:\d\d$/.test(settings['time_zone'] ?? '')) return settings;
  // Names of zones are nothing that every server knows: what counts is how far it is from Greenwich, just now.
  const [zone] = await ask("SELECT TIME_FORMAT(TIMEDIFF(NOW(), UTC_TIMESTAMP()), '%H:%i') AS distance");
  const distance = textField(zone, 'distance') ?? '00:00';
  return { ...settings, time_zone: distance.startsWith('-') ? distance : `+${distance}` };
}

/** Where keys have got to is no matter of the schema. */
function withoutState(text: string): string {
  return text.replace(/(\n\) [^\n]*?)\s*\bAUTO_INCREMENT=\d+/i, '$1');
}

/** Views after those that they speak of. */
function inOrder(views: readonly string[]): readonly string[] {
  const left = views.map((text) => ({ text, name: /\bVIEW (`(?:[^`]|``)*`)/i.exec(text)?.[1] ?? '' }));
  const sorted: string[] = [];
  while (left.length > 0) {
    const next = left.findIndex(({ text, name }) => left.every((other) => other.name === name || !text.includes(other.name)));
    sorted.push(...left.splice(Math.max(0, next), 1).map(({ text }) => text));
  }
  return sorted;
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
