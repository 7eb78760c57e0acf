import { OWN, UNDIVIDED, USER } from './common.js';
import { AGGREGATES, FUNCTIONS, RULES, TRIGGERS } from './functions.js';
import { GRANTS, POLICIES, ROLES, ROW_SECURITY } from './policies.js';
import { COLUMNS_OF_OWN, CONSTRAINTS, INDEXES, OWNED, SEQUENCES, TABLES, VIEWS } from './tables.js';
import { COLLATIONS, COMPOSITES, DOMAINS, ENUMS, EXTENSIONS, RANGES, SCHEMAS } from './types.js';

/** In the order in which most of their statements can run; `inOrder` sees to the rest. */
export const DDL_QUERIES: readonly string[] = [
  ROLES, SCHEMAS, EXTENSIONS, COLLATIONS, ENUMS, RANGES, DOMAINS, COMPOSITES, SEQUENCES, FUNCTIONS, AGGREGATES, TABLES, OWNED, CONSTRAINTS("'p', 'u', 'x', 'c'"), VIEWS, COLUMNS_OF_OWN, INDEXES, CONSTRAINTS("'f'"),
  RULES, TRIGGERS, POLICIES, GRANTS, ROW_SECURITY,
];

/** `kind`, `what`: what has no statement, to be said. */
export const LEFT_OUT = `
  SELECT 'foreign table' AS kind, c.oid::pg_catalog.regclass::text AS what FROM pg_catalog.pg_class c WHERE c.relkind = 'f'
  UNION ALL SELECT 'operator', o.oid::pg_catalog.regoperator::text FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace WHERE ${USER('n')} AND ${OWN('pg_operator', 'o.oid')}
  UNION ALL SELECT 'cast', format('%s to %s', format_type(k.castsource, NULL), format_type(k.casttarget, NULL)) FROM pg_catalog.pg_cast k WHERE k.oid >= 16384 AND ${UNDIVIDED('pg_cast', 'k.oid')} AND ${OWN('pg_cast', 'k.oid')}
  UNION ALL SELECT 'text search configuration', t.oid::pg_catalog.regconfig::text FROM pg_catalog.pg_ts_config t JOIN pg_catalog.pg_namespace n ON n.oid = t.cfgnamespace WHERE ${USER('n')} AND ${OWN('pg_ts_config', 't.oid')}
  LIMIT 50`;

export const DATABASE = `
  SELECT current_setting('server_version') AS version, d.datcollate AS lc_collate, d.datctype AS lc_ctype FROM pg_catalog.pg_database d WHERE d.datname = current_database()`;
