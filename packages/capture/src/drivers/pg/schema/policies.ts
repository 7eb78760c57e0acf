import { OWN, USER } from './common.js';

/** Roles other than the application's that policies name. */
const NAMED = `SELECT DISTINCT r.oid, r.rolname FROM pg_catalog.pg_policy p CROSS JOIN LATERAL unnest(p.polroles) u(id) JOIN pg_catalog.pg_roles r ON r.oid = u.id WHERE r.rolname <> current_user AND r.rolname NOT LIKE 'pg\\_%'`;

export const ROLES = `
  SELECT 'role:' || r.oid AS id, format('CREATE ROLE %I', r.rolname) AS sql FROM (${NAMED}) r
  UNION ALL SELECT 'member:' || r.oid, format('GRANT %I TO CURRENT_USER%s', r.rolname, CASE WHEN pg_has_role(r.oid, 'USAGE') THEN '' ELSE ' WITH INHERIT FALSE' END) FROM (${NAMED}) r WHERE pg_has_role(r.oid, 'MEMBER')
  ORDER BY sql`;

const GRANT = (acl: string, kind: string, name: string, from: string): string => `
  SELECT format('GRANT %s ON ${kind} %s TO %s', string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type), ${name}, CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(r.rolname) END) AS sql
  FROM ${from} CROSS JOIN LATERAL aclexplode(${acl}) x LEFT JOIN (${NAMED}) r ON r.oid = x.grantee
  WHERE (x.grantee = 0 OR r.oid IS NOT NULL) AND ${USER('n')} GROUP BY 1, x.grantee, r.rolname, ${name}`.replace('GROUP BY 1, ', 'GROUP BY ');

/** What those roles, and all, may do. */
export const GRANTS = `
  SELECT '' AS id, g.sql FROM (${GRANT('n.nspacl', 'SCHEMA', 'quote_ident(n.nspname)', 'pg_catalog.pg_namespace n')}
  UNION ALL ${GRANT('c.relacl', 'TABLE', 'c.oid::pg_catalog.regclass::text', "(SELECT * FROM pg_catalog.pg_class t WHERE t.relkind IN ('r', 'p', 'v', 'm')) c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace")}
  UNION ALL ${GRANT('c.relacl', 'SEQUENCE', 'c.oid::pg_catalog.regclass::text', "(SELECT * FROM pg_catalog.pg_class t WHERE t.relkind = 'S') c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace")}) g
  WHERE EXISTS (SELECT 1 FROM pg_catalog.pg_policy) ORDER BY g.sql`;

/** Where the application's statements are subject to policies, so are those of the tables' owner: whoever makes the tables again owns them. */
export const ROW_SECURITY = `
  SELECT 'security:' || c.oid AS id, format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY%s', c.oid::pg_catalog.regclass, CASE WHEN c.relforcerowsecurity OR row_security_active(c.oid) THEN ', FORCE ROW LEVEL SECURITY' ELSE '' END) AS sql
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relrowsecurity AND ${USER('n')} AND ${OWN('pg_class', 'c.oid')} ORDER BY c.oid`;

export const POLICIES = `
  SELECT 'policy:' || p.oid AS id, format('CREATE POLICY %I ON %s AS %s FOR %s TO %s', p.polname, p.polrelid::pg_catalog.regclass, CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
    CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
    CASE WHEN p.polroles = '{0}' THEN 'PUBLIC' ELSE (SELECT string_agg(CASE WHEN r.rolname = current_user THEN 'CURRENT_USER' ELSE quote_ident(r.rolname) END, ', ' ORDER BY r.rolname) FROM pg_catalog.pg_roles r WHERE r.oid = ANY (p.polroles)) END)
    || coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '') || coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '') AS sql
  FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE ${USER('n')} ORDER BY p.oid`;
