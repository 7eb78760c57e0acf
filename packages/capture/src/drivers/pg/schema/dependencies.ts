/**
 * `dependent`, `needed`: ids of objects as the other queries give them. What belongs to an object (its default, its view's rule, the index of a constraint, the array of a type)
 * counts for the object. A sequence does not wait for the table that owns it: the table's default needs the sequence.
 */
export const DEPENDENCIES = `
  WITH object (class, oid, id) AS (
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid, CASE WHEN c.relkind = 'c' THEN 'type:' || c.reltype WHEN k.oid IS NOT NULL THEN 'constraint:' || k.oid ELSE 'relation:' || c.oid END
      FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = c.oid AND k.contype IN ('p', 'u', 'x') WHERE c.oid >= 16384
    UNION ALL SELECT 'pg_catalog.pg_attrdef'::pg_catalog.regclass, d.oid, 'relation:' || d.adrelid FROM pg_catalog.pg_attrdef d
    UNION ALL SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass, r.oid, CASE r.rulename WHEN '_RETURN' THEN 'relation:' || r.ev_class ELSE 'rule:' || r.oid END FROM pg_catalog.pg_rewrite r WHERE r.oid >= 16384
    UNION ALL SELECT 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, CASE WHEN e.typrelid <> 0 AND c.relkind <> 'c' THEN 'relation:' || e.typrelid ELSE 'type:' || coalesce(g.rngtypid, e.oid) END
      FROM pg_catalog.pg_type t JOIN pg_catalog.pg_type e ON e.oid = CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN t.typelem ELSE t.oid END
      LEFT JOIN pg_catalog.pg_class c ON c.oid = e.typrelid LEFT JOIN pg_catalog.pg_range g ON (to_jsonb(g) ->> 'rngmultitypid')::oid = e.oid WHERE t.oid >= 16384
    UNION ALL SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, CASE WHEN k.contypid <> 0 THEN 'type:' || k.contypid ELSE 'constraint:' || k.oid END FROM pg_catalog.pg_constraint k WHERE k.oid >= 16384
    UNION ALL SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 'function:' || p.oid FROM pg_catalog.pg_proc p WHERE p.oid >= 16384
    UNION ALL SELECT 'pg_catalog.pg_collation'::pg_catalog.regclass, o.oid, 'collation:' || o.oid FROM pg_catalog.pg_collation o WHERE o.oid >= 16384)
  SELECT DISTINCT a.id AS dependent, b.id AS needed
  FROM pg_catalog.pg_depend d JOIN object a ON a.class = d.classid AND a.oid = d.objid JOIN object b ON b.class = d.refclassid AND b.oid = d.refobjid
  WHERE d.deptype IN ('n', 'a') AND a.id <> b.id AND NOT (d.deptype = 'a' AND EXISTS (SELECT 1 FROM pg_catalog.pg_class s WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND s.oid = d.objid AND s.relkind = 'S')) LIMIT 100000`;

export interface Made {
  readonly id: string;
  readonly sql: string;
}

/** Every object after those that it needs; otherwise in the order given. Objects that need each other stay as they are. */
export function inOrder(all: readonly Made[], needed: readonly (readonly [dependent: string, needed: string])[]): readonly Made[] {
  const byId = grouped(all.map((one) => [one.id, one] as const));
  const needs = grouped(needed);
  const seen = new Set<string>();
  const ordered: Made[] = [];
  const visit = (one: Made): void => {
    if (seen.has(one.sql)) return;
    seen.add(one.sql);
    for (const id of needs.get(one.id) ?? []) for (const other of byId.get(id) ?? []) visit(other);
    ordered.push(one);
  };
  for (const one of all) visit(one);
  return ordered;
}

function grouped<T>(pairs: readonly (readonly [string, T])[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const [key, value] of pairs) {
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}
