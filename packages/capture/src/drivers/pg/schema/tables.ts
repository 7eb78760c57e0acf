import { OWN, RELATION_NAME, USER } from './common.js';

const SEQUENCE_OPTIONS = (s: string): string => `format('INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s%s', ${s}.seqincrement, ${s}.seqmin, ${s}.seqmax, ${s}.seqstart, ${s}.seqcache, CASE WHEN ${s}.seqcycle THEN ' CYCLE' ELSE '' END)`;

export const SEQUENCES = `
  SELECT 'relation:' || c.oid AS id, format('CREATE SEQUENCE %I.%I AS %s ', n.nspname, c.relname, format_type(s.seqtypid, NULL)) || ${SEQUENCE_OPTIONS('s')} AS sql
  FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE ${USER('n')} AND ${OWN('pg_class', 'c.oid')} AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'i') ORDER BY c.oid`;

/** The sequence of an identity column, with its name. */
const IDENTITY = `
  (SELECT format(' GENERATED %s AS IDENTITY (SEQUENCE NAME %s ', CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, s.seqrelid::pg_catalog.regclass) || ${SEQUENCE_OPTIONS('s')} || ')'
   FROM pg_catalog.pg_depend i JOIN pg_catalog.pg_sequence s ON s.seqrelid = i.objid
   WHERE i.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND i.refobjid = a.attrelid AND i.refobjsubid = a.attnum AND i.deptype = 'i')`;

const COLUMNS = `
  (SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod))
      || coalesce((SELECT format(' COLLATE %I.%I', cn.nspname, co.collname) FROM pg_catalog.pg_collation co JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
          JOIN pg_catalog.pg_type ty ON ty.oid = a.atttypid WHERE co.oid = a.attcollation AND a.attcollation <> ty.typcollation), '')
      || CASE WHEN a.attidentity <> '' THEN ${IDENTITY}
              WHEN coalesce(to_jsonb(a) ->> 'attgenerated', '') = 's' THEN format(' GENERATED ALWAYS AS (%s) STORED', pg_get_expr(d.adbin, d.adrelid))
              WHEN coalesce(to_jsonb(a) ->> 'attgenerated', '') = 'v' THEN format(' GENERATED ALWAYS AS (%s) VIRTUAL', pg_get_expr(d.adbin, d.adrelid))
              ELSE coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '') END
      || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END, ', ' ORDER BY a.attnum)
   FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attislocal)`;

export const TABLES = `
  SELECT 'relation:' || c.oid AS id, CASE WHEN c.relispartition
      THEN format('CREATE TABLE %I.%I PARTITION OF %s %s', n.nspname, c.relname, (SELECT i.inhparent::pg_catalog.regclass FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid), pg_get_expr(c.relpartbound, c.oid))
      ELSE format('CREATE %sTABLE %I.%I (%s)', CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END, n.nspname, c.relname, ${COLUMNS})
        || coalesce((SELECT ' INHERITS (' || string_agg(i.inhparent::pg_catalog.regclass::text, ', ' ORDER BY i.inhseqno) || ')' FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid), '') END
    || CASE c.relkind WHEN 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(c.oid) ELSE '' END AS sql
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND ${USER('n')} AND ${OWN('pg_class', 'c.oid')} ORDER BY c.oid`;

/** What columns that a table or partition has from its parent are like of their own, and defaults of views. */
export const COLUMNS_OF_OWN = `
  SELECT 'column:' || c.oid || '.' || a.attnum AS id, format('ALTER TABLE %s ALTER COLUMN %I %s', c.oid::pg_catalog.regclass, a.attname, x.change) AS sql
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid AND i.inhseqno = 1 LEFT JOIN pg_catalog.pg_attribute o ON o.attrelid = i.inhparent AND o.attname = a.attname
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum LEFT JOIN pg_catalog.pg_attrdef e ON e.adrelid = o.attrelid AND e.adnum = o.attnum
    CROSS JOIN LATERAL (SELECT 'SET DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) AS change WHERE d.oid IS NOT NULL AND pg_get_expr(d.adbin, d.adrelid) IS DISTINCT FROM pg_get_expr(e.adbin, e.adrelid)
      UNION ALL SELECT 'DROP DEFAULT' WHERE d.oid IS NULL AND e.oid IS NOT NULL UNION ALL SELECT 'SET NOT NULL' WHERE a.attnotnull AND NOT o.attnotnull) x
  WHERE (c.relkind = 'v' OR c.relkind IN ('r', 'p') AND (c.relispartition OR NOT a.attislocal)) AND a.attidentity = '' AND coalesce(to_jsonb(a) ->> 'attgenerated', '') = '' AND ${USER('n')} AND ${OWN('pg_class', 'c.oid')} ORDER BY c.oid, a.attnum`;

export const OWNED = `
  SELECT 'owner:' || s.oid AS id, format('ALTER SEQUENCE %s OWNED BY %s.%I', d.objid::pg_catalog.regclass, d.refobjid::pg_catalog.regclass, a.attname) AS sql
  FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_catalog.pg_class c ON c.oid = d.refobjid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
  WHERE d.deptype = 'a' AND d.refobjsubid > 0 AND ${USER('n')} AND ${OWN('pg_class', 'c.oid')} ORDER BY s.oid`;

export const CONSTRAINTS = (kinds: string): string => `
  SELECT 'constraint:' || k.oid AS id, format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.conrelid::pg_catalog.regclass, k.conname, pg_get_constraintdef(k.oid)) AS sql
  FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE k.contype IN (${kinds}) AND k.conislocal AND k.conparentid = 0 AND ${USER('n')} AND ${OWN('pg_class', 'c.oid')} ORDER BY k.contype = 'p' DESC, k.contype = 'u' DESC, k.oid`;

export const INDEXES = `
  SELECT 'relation:' || i.indexrelid AS id, CASE c.relkind WHEN 'p' THEN replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') ELSE pg_get_indexdef(i.indexrelid) END AS sql
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE ${USER('n')} AND ${OWN('pg_class', 'c.oid')} AND i.indislive AND c.relkind IN ('r', 'p', 'm')
    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_inherits h WHERE h.inhrelid = i.indexrelid) ORDER BY i.indexrelid`;

export const VIEWS = `
  SELECT 'relation:' || c.oid AS id, format('CREATE %sVIEW %I.%I%s AS %s%s', CASE c.relkind WHEN 'm' THEN 'MATERIALIZED ' ELSE '' END, n.nspname, c.relname,
    CASE WHEN c.relkind = 'v' THEN coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', '') ELSE '' END, rtrim(pg_get_viewdef(c.oid), '; '), CASE WHEN c.relispopulated THEN '' ELSE ' WITH NO DATA' END) AS sql
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('v', 'm') AND ${USER('n')} AND ${OWN('pg_class', 'c.oid')} ORDER BY c.oid`;

/** Names of what the protocol tells by number. */
export const ORIGINS = `
  SELECT c.oid::pg_catalog.int8::text AS oid, ${RELATION_NAME('n', 'c')} AS name, array_to_json(array_agg(json_build_array(a.attnum, a.attname)))::text AS columns
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${USER('n')} GROUP BY c.oid, c.relname, n.nspname LIMIT 5000`;
