import { OWN, UNDIVIDED, USER } from './common.js';

/** OFFSET 0 makes the planner choose the database's own functions first: there are thousands of others. */
export const FUNCTIONS = `
  SELECT 'function:' || p.oid AS id, pg_get_functiondef(p.oid) AS sql FROM (
    SELECT f.* FROM pg_catalog.pg_proc f WHERE f.pronamespace IN (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE ${USER('n')}) AND f.prokind IN ('f', 'p') AND ${OWN('pg_proc', 'f.oid')} AND ${UNDIVIDED('pg_proc', 'f.oid')} OFFSET 0) p ORDER BY p.oid`;

const PART = (name: string, column: string): string => `CASE WHEN a.${column} = 0 THEN '' ELSE ', ${name} = ' || a.${column}::pg_catalog.regproc END`;

export const AGGREGATES = `
  SELECT 'function:' || p.oid AS id, format('CREATE AGGREGATE %I.%I (%s) (SFUNC = %s, STYPE = %s', n.nspname, p.proname,
    CASE WHEN p.pronargs = 0 THEN '*' ELSE pg_get_function_arguments(p.oid) END, a.aggtransfn::pg_catalog.regproc, format_type(a.aggtranstype, NULL))
    || ${PART('FINALFUNC', 'aggfinalfn')} || CASE WHEN a.aggfinalextra THEN ', FINALFUNC_EXTRA' ELSE '' END || ${PART('COMBINEFUNC', 'aggcombinefn')} || ${PART('SERIALFUNC', 'aggserialfn')} || ${PART('DESERIALFUNC', 'aggdeserialfn')}
    || CASE WHEN a.agginitval IS NULL THEN '' ELSE format(', INITCOND = %L', a.agginitval) END
    || ${PART('MSFUNC', 'aggmtransfn')} || ${PART('MINVFUNC', 'aggminvtransfn')} || CASE WHEN a.aggmtranstype = 0 THEN '' ELSE ', MSTYPE = ' || format_type(a.aggmtranstype, NULL) END
    || ${PART('MFINALFUNC', 'aggmfinalfn')} || CASE WHEN a.aggmfinalextra THEN ', MFINALFUNC_EXTRA' ELSE '' END || CASE WHEN a.aggminitval IS NULL THEN '' ELSE format(', MINITCOND = %L', a.aggminitval) END
    || coalesce((SELECT format(', SORTOP = OPERATOR(%I.%s)', s.nspname, o.oprname) FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace s ON s.oid = o.oprnamespace WHERE o.oid = a.aggsortop), '')
    || CASE p.proparallel WHEN 's' THEN ', PARALLEL = SAFE' WHEN 'r' THEN ', PARALLEL = RESTRICTED' ELSE '' END || CASE a.aggkind WHEN 'h' THEN ', HYPOTHETICAL' ELSE '' END || ')' AS sql
  FROM pg_catalog.pg_aggregate a JOIN pg_catalog.pg_proc p ON p.oid = a.aggfnoid JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE ${USER('n')} AND ${OWN('pg_proc', 'p.oid')} ORDER BY p.oid`;

/** What only stands in for replication does nothing here, and what fires always would fire while rows are loaded. */
export const TRIGGERS = `
  SELECT 'trigger:' || t.oid AS id, pg_get_triggerdef(t.oid) || CASE WHEN t.tgenabled IN ('D', 'R') THEN format('; ALTER TABLE %s DISABLE TRIGGER %I', t.tgrelid::pg_catalog.regclass, t.tgname) ELSE '' END AS sql
  FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE NOT t.tgisinternal AND coalesce((to_jsonb(t) ->> 'tgparentid')::bigint, 0) = 0 AND ${USER('n')} AND ${OWN('pg_class', 'c.oid')} ORDER BY t.oid`;

export const RULES = `
  SELECT 'rule:' || r.oid AS id, rtrim(pg_get_ruledef(r.oid), '; ') || CASE WHEN r.ev_enabled IN ('D', 'R') THEN format('; ALTER TABLE %s DISABLE RULE %I', r.ev_class::pg_catalog.regclass, r.rulename) ELSE '' END AS sql
  FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE r.rulename <> '_RETURN' AND ${USER('n')} AND ${OWN('pg_class', 'c.oid')} ORDER BY r.oid`;
