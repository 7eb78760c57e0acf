/**
 * Catalog queries; with an empty search path every name in the answers is qualified. Each gives columns `sql` (a statement, without semicolon) and `id` (of the object
 * that it makes), in an order in which the statements mostly can run. Columns that not every supported version has are read through `to_jsonb`.
 * Objects of extensions come with their extension.
 */
export const OWN = (catalog: string, oid: string): string => `NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass AND e.objid = ${oid} AND e.deptype = 'e')`;
/** Not part of another object, such as the functions and casts that come with a range type. */
export const UNDIVIDED = (catalog: string, oid: string): string => OWN(catalog, oid).replace("= 'e'", "= 'i'");
export const USER = (namespace: string): string => `${namespace}.nspname NOT LIKE 'pg\\_%' AND ${namespace}.nspname <> 'information_schema'`;

/** How events name a relation: without the schema that is the default, parts quoted that have a dot or a quote in them. */
export const RELATION_NAME = (namespace: string, relation: string): string => `CASE ${namespace}.nspname WHEN 'public' THEN '' ELSE ${PART(`${namespace}.nspname`)} || '.' END || ${PART(`${relation}.relname`)}`;
const PART = (name: string): string => `CASE WHEN ${name} ~ '[."]' THEN '"' || replace(${name}, '"', '""') || '"' ELSE ${name} END`;
