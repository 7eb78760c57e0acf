import { OWN, USER } from './common.js';

export const SCHEMAS = `
  SELECT 'schema:' || n.oid AS id, format('CREATE SCHEMA IF NOT EXISTS %I', n.nspname) AS sql FROM pg_catalog.pg_namespace n WHERE ${USER('n')} AND ${OWN('pg_namespace', 'n.oid')} ORDER BY n.oid`;

export const EXTENSIONS = `
  SELECT 'extension:' || x.oid AS id, format('CREATE EXTENSION IF NOT EXISTS %I WITH SCHEMA %I', x.extname, n.nspname) AS sql
  FROM pg_catalog.pg_extension x JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace WHERE x.extname <> 'plpgsql' ORDER BY x.oid`;

export const COLLATIONS = `
  SELECT 'collation:' || o.oid AS id, format('CREATE COLLATION %I.%I (PROVIDER = %s, %s, DETERMINISTIC = %s)', n.nspname, o.collname, CASE o.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
    CASE WHEN o.collprovider = 'c' THEN format('LC_COLLATE = %L, LC_CTYPE = %L', o.collcollate, o.collctype)
      ELSE format('LOCALE = %L', coalesce(to_jsonb(o) ->> 'colllocale', to_jsonb(o) ->> 'colliculocale', o.collcollate)) END, coalesce(to_jsonb(o) ->> 'collisdeterministic', 'true')) AS sql
  FROM pg_catalog.pg_collation o JOIN pg_catalog.pg_namespace n ON n.oid = o.collnamespace WHERE ${USER('n')} AND ${OWN('pg_collation', 'o.oid')} ORDER BY o.oid`;

export const ENUMS = `
  SELECT 'type:' || t.oid AS id, format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, t.typname, string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)) AS sql
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace JOIN pg_catalog.pg_enum e ON e.enumtypid = t.oid
  WHERE ${USER('n')} AND ${OWN('pg_type', 't.oid')} GROUP BY t.oid, n.nspname, t.typname ORDER BY t.oid`;

export const DOMAINS = `
  SELECT 'type:' || t.oid AS id, format('CREATE DOMAIN %I.%I AS %s', n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod))
    || coalesce((SELECT format(' COLLATE %I.%I', cn.nspname, o.collname) FROM pg_catalog.pg_collation o JOIN pg_catalog.pg_namespace cn ON cn.oid = o.collnamespace
        JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype WHERE o.oid = t.typcollation AND t.typcollation <> b.typcollation), '')
    || coalesce(' DEFAULT ' || t.typdefault, '') || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END
    || coalesce((SELECT string_agg(format(' CONSTRAINT %I %s', c.conname, pg_get_constraintdef(c.oid)), '' ORDER BY c.oid) FROM pg_catalog.pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'c'), '') AS sql
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  WHERE t.typtype = 'd' AND ${USER('n')} AND ${OWN('pg_type', 't.oid')} ORDER BY t.oid`;

export const COMPOSITES = `
  SELECT 'type:' || c.reltype AS id, format('CREATE TYPE %I.%I AS (%s)', n.nspname, c.relname, string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)) AS sql
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.relkind = 'c' AND ${USER('n')} AND ${OWN('pg_type', 'c.reltype')} GROUP BY c.oid, n.nspname, c.relname ORDER BY c.oid`;

/** A canonical function can only be written in C: a range with one comes with an extension. */
export const RANGES = `
  SELECT 'type:' || t.oid AS id, format('CREATE TYPE %I.%I AS RANGE (SUBTYPE = %s%s%s%s)', n.nspname, t.typname, format_type(r.rngsubtype, NULL),
    coalesce((SELECT format(', SUBTYPE_OPCLASS = %I.%I', cn.nspname, k.opcname) FROM pg_catalog.pg_opclass k JOIN pg_catalog.pg_namespace cn ON cn.oid = k.opcnamespace WHERE k.oid = r.rngsubopc AND NOT k.opcdefault), ''),
    CASE WHEN r.rngsubdiff = 0 THEN '' ELSE ', SUBTYPE_DIFF = ' || r.rngsubdiff::pg_catalog.regproc END,
    coalesce((SELECT format(', MULTIRANGE_TYPE_NAME = %I.%I', mn.nspname, m.typname) FROM pg_catalog.pg_type m JOIN pg_catalog.pg_namespace mn ON mn.oid = m.typnamespace WHERE m.oid = (to_jsonb(r) ->> 'rngmultitypid')::oid), '')) AS sql
  FROM pg_catalog.pg_range r JOIN pg_catalog.pg_type t ON t.oid = r.rngtypid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE ${USER('n')} AND ${OWN('pg_type', 't.oid')} ORDER BY t.oid`;

/** Names of types that only this database has, as the protocol's numbers mean them. */
export const TYPES = 'SELECT t.oid::pg_catalog.int8::text AS oid, t.typname AS name FROM pg_catalog.pg_type t WHERE t.oid >= 16384 AND t.typrelid = 0 LIMIT 5000';
