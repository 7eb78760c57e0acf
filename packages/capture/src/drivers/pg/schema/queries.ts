/**
 * Catalog queries; with an empty search path every name in the answers is qualified. Each gives columns `sql` (a statement, without semicolon) in an
 * order in which the statements can run. Columns that not every supported version has are read through `to_jsonb`.
 * Objects of extensions come with their extension.
 */
const OWN = (catalog: string, oid: string): string => `NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass AND e.objid = ${oid} AND e.deptype = 'e')`;
const USER = (namespace: string): string => `${namespace}.nspname NOT LIKE 'pg\\_%' AND ${namespace}.nspname <> 'information_schema'`;

const EXTENSIONS = `
  SELECT format('CREATE EXTENSION IF NOT EXISTS %I WITH SCHEMA %I', x.extname, n.nspname) AS sql
  FROM pg_catalog.pg_extension x JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace WHERE x.extname <> 'plpgsql' ORDER BY x.oid`;

const SCHEMAS = `
  SELECT format('CREATE SCHEMA IF NOT EXISTS %I', n.nspname) AS sql FROM pg_catalog.pg_namespace n WHERE ${USER('n')} AND ${OWN('pg_namespace', 'n.oid')} ORDER BY n.oid`;

const ENUMS = `
  SELECT format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, t.typname, string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)) AS sql
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace JOIN pg_catalog.pg_enum e ON e.enumtypid = t.oid
  WHERE ${USER('n')} AND ${OWN('pg_type', 't.oid')} GROUP BY t.oid, n.nspname, t.typname ORDER BY t.oid`;

const DOMAINS = `
  SELECT format('CREATE DOMAIN %I.%I AS %s', n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod)) || coalesce(' DEFAULT ' || t.typdefault, '')
    || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END
    || coalesce((SELECT string_agg(format(' CONSTRAINT %I %s', c.conname, pg_get_constraintdef(c.oid)), '' ORDER BY c.oid) FROM pg_catalog.pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'c'), '') AS sql
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  WHERE t.typtype = 'd' AND ${USER('n')} AND ${OWN('pg_type', 't.oid')} ORDER BY t.oid`;

const COMPOSITES = `
  SELECT format('CREATE TYPE %I.%I AS (%s)', n.nspname, c.relname, string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)) AS sql
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.relkind = 'c' AND ${USER('n')} AND ${OWN('pg_type', 'c.reltype')} GROUP BY c.oid, n.nspname, c.relname ORDER BY c.oid`;

const SEQUENCES = `
  SELECT format('CREATE SEQUENCE %I.%I AS %s INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s%s', n.nspname, c.relname, format_type(s.seqtypid, NULL),
    s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END) AS sql
  FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE ${USER('n')} AND ${OWN('pg_class', 'c.oid')} AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'i') ORDER BY c.oid`;

/**
 * Functions that speak of tables by type or were parsed when they were made can only be made after the tables.
 * OFFSET 0 makes the planner choose the database's own functions first: there are thousands of others.
 */
const FUNCTIONS = (late: boolean): string => `
  SELECT pg_get_functiondef(p.oid) AS sql FROM (
    SELECT f.* FROM pg_catalog.pg_proc f WHERE f.pronamespace IN (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE ${USER('n')}) AND f.prokind IN ('f', 'p') AND ${OWN('pg_proc', 'f.oid')} OFFSET 0) p
  WHERE ${late ? '' : 'NOT '}(to_jsonb(p) ->> 'prosqlbody' IS NOT NULL OR EXISTS (
      SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_type t ON t.typrelid = c.oid
      WHERE c.relkind <> 'c' AND (t.oid = p.prorettype OR t.oid = ANY (p.proargtypes::oid[]) OR t.oid = ANY (coalesce(p.proallargtypes, '{}')) OR t.typarray = p.prorettype))) ORDER BY p.oid`;

const COLUMNS = `
  (SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod))
      || coalesce((SELECT format(' COLLATE %I.%I', cn.nspname, co.collname) FROM pg_catalog.pg_collation co JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
          JOIN pg_catalog.pg_type ty ON ty.oid = a.atttypid WHERE co.oid = a.attcollation AND a.attcollation <> ty.typcollation), '')
      || CASE WHEN a.attidentity <> '' THEN format(' GENERATED %s AS IDENTITY', CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END)
              WHEN coalesce(to_jsonb(a) ->> 'attgenerated', '') = 's' THEN format(' GENERATED ALWAYS AS (%s) STORED', pg_get_expr(d.adbin, d.adrelid))
              WHEN coalesce(to_jsonb(a) ->> 'attgenerated', '') = 'v' THEN format(' GENERATED ALWAYS AS (%s) VIRTUAL', pg_get_expr(d.adbin, d.adrelid))
              ELSE coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '') END
      || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END, ', ' ORDER BY a.attnum)
   FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attislocal)`;

const TABLES = `
  SELECT CASE WHEN c.relispartition
      THEN format('CREATE TABLE %I.%I PARTITION OF %s %s', n.nspname, c.relname, (SELECT i.inhparent::pg_catalog.regclass FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid), pg_get_expr(c.relpartbound, c.oid))
      ELSE format('CREATE %sTABLE %I.%I (%s)', CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END, n.nspname, c.relname, ${COLUMNS})
        || coalesce((SELECT ' INHERITS (' || string_agg(i.inhparent::pg_catalog.regclass::text, ', ' ORDER BY i.inhseqno) || ')' FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid), '') END
    || CASE c.relkind WHEN 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(c.oid) ELSE '' END AS sql
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND ${USER('n')} AND ${OWN('pg_class', 'c.oid')} ORDER BY c.oid`;

const OWNED = `
  SELECT format('ALTER SEQUENCE %s OWNED BY %s.%I', d.objid::pg_catalog.regclass, d.refobjid::pg_catalog.regclass, a.attname) AS sql
  FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_catalog.pg_class c ON c.oid = d.refobjid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
  WHERE d.deptype = 'a' AND d.refobjsubid > 0 AND ${USER('n')} AND ${OWN('pg_class', 'c.oid')} ORDER BY s.oid`;

const CONSTRAINTS = (kinds: string): string => `
  SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.conrelid::pg_catalog.regclass, k.conname, pg_get_constraintdef(k.oid)) AS sql
  FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE k.contype IN (${kinds}) AND k.conislocal AND k.conparentid = 0 AND ${USER('n')} AND ${OWN('pg_class', 'c.oid')} ORDER BY k.contype = 'p' DESC, k.contype = 'u' DESC, k.oid`;

const INDEXES = `
  SELECT CASE c.relkind WHEN 'p' THEN replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') ELSE pg_get_indexdef(i.indexrelid) END AS sql FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE ${USER('n')} AND ${OWN('pg_class', 'c.oid')} AND i.indislive AND c.relkind IN ('r', 'p', 'm')
    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_inherits h WHERE h.inhrelid = i.indexrelid) ORDER BY i.indexrelid`;

const VIEWS = `
  SELECT format('CREATE %sVIEW %I.%I AS %s', CASE c.relkind WHEN 'm' THEN 'MATERIALIZED ' ELSE '' END, n.nspname, c.relname, rtrim(pg_get_viewdef(c.oid), '; ')) AS sql
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND ${USER('n')} AND ${OWN('pg_class', 'c.oid')} ORDER BY c.oid`;

const TRIGGERS = `
  SELECT pg_get_triggerdef(t.oid) AS sql FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE NOT t.tgisinternal AND coalesce((to_jsonb(t) ->> 'tgparentid')::bigint, 0) = 0 AND ${USER('n')} AND ${OWN('pg_class', 'c.oid')} ORDER BY t.oid`;

/** In the order in which their statements can run. */
export const DDL_QUERIES: readonly string[] = [
  EXTENSIONS, SCHEMAS, ENUMS, DOMAINS, COMPOSITES, SEQUENCES, FUNCTIONS(false), TABLES, OWNED, CONSTRAINTS("'p', 'u', 'x', 'c'"), FUNCTIONS(true), VIEWS, INDEXES, CONSTRAINTS("'f'"), TRIGGERS,
];

/** `kind`, `what`: what has no statement above, to be said. */
export const LEFT_OUT = `
  SELECT 'row level security' AS kind, c.oid::pg_catalog.regclass::text AS what FROM pg_catalog.pg_class c WHERE c.relrowsecurity
  UNION ALL SELECT 'rule', r.ev_class::pg_catalog.regclass::text FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE r.rulename <> '_RETURN' AND ${USER('n')}
  UNION ALL SELECT 'foreign table', c.oid::pg_catalog.regclass::text FROM pg_catalog.pg_class c WHERE c.relkind = 'f'
  UNION ALL SELECT 'range type', format_type(t.oid, NULL) FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'r' AND ${USER('n')}
  UNION ALL SELECT 'aggregate', p.oid::pg_catalog.regprocedure::text FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE p.prokind = 'a' AND ${USER('n')} AND ${OWN('pg_proc', 'p.oid')}
  LIMIT 50`;

export const TYPES = 'SELECT t.oid::pg_catalog.int8::text AS oid, t.typname AS name FROM pg_catalog.pg_type t WHERE t.oid >= 16384 AND t.typrelid = 0 LIMIT 5000';

export const ORIGINS = `
  SELECT c.oid::pg_catalog.int8::text AS oid, CASE n.nspname WHEN 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END AS name, array_to_json(array_agg(json_build_array(a.attnum, a.attname)))::text AS columns
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${USER('n')} GROUP BY c.oid, c.relname, n.nspname LIMIT 5000`;

export const DATABASE = `
  SELECT current_setting('server_version') AS version, d.datcollate AS lc_collate, d.datctype AS lc_ctype FROM pg_catalog.pg_database d WHERE d.datname = current_database()`;
