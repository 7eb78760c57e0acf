import type { DatabaseFixture } from '@deja/fixtures';
import type { ErrorPackage } from '@deja/format';
import type { SqlProxyPlan } from '@deja/stubs';

/** How the migration tools that are in use name the table in which they note what has been run. */
const MIGRATIONS = /\b(?:(?:knex_|schema_|pg|_prisma_|__drizzle_|mikro_orm_|typeorm_)?migrations|sequelizemeta|flyway_schema_history|__ef_?migrations_?history)\b/i;
const CREATES = /\bcreate\s+(?:unlogged\s+)?table\s+(?!\s|if\s+not\s+exists)/i;

/**
 * Whether the application shall make the tables itself, at its start: because it did so while it was observed, or because other code than
 * the recorded one is run, which has its own migrations. They would meet a database of which only what was asked for is known;
 * on an empty one they make what they need.
 */
export function makesOwnSchema({ timeline }: Pick<ErrorPackage, 'timeline'>, database: string, otherCode: boolean): boolean {
  const boot = timeline.filter((event) => event.kind === 'sql' && event.database === database && event.scope?.in === 'boot').flatMap((event) => (event.kind === 'sql' && 'ok' in event.outcome ? [event.text] : []));
  return boot.some((text) => CREATES.test(text)) || (otherCode && boot.some((text) => MIGRATIONS.test(text)));
}

/** What the requests showed: of a database that the application makes itself, the rest is made by it. */
export function requestRows(fixture: DatabaseFixture, { timeline }: Pick<ErrorPackage, 'timeline'>): DatabaseFixture {
  const seen = requestEvents(timeline);
  const tables = fixture.tables.map((table) => ({ ...table, rows: table.rows.filter(({ from }) => from.some((seq) => seen.has(seq))) }));
  return { ...fixture, ddl: [], tables: tables.filter(({ rows }) => rows.length > 0) };
}

/** Answers of the start are the engine's own then. */
export function requestStatements(proxy: SqlProxyPlan, { timeline }: Pick<ErrorPackage, 'timeline'>): SqlProxyPlan {
  const seen = requestEvents(timeline);
  return { ...proxy, statements: proxy.statements.filter(({ seq }) => seen.has(seq)) };
}

function requestEvents(timeline: ErrorPackage['timeline']): ReadonlySet<number> {
  return new Set(timeline.filter(({ scope }) => scope === undefined || scope.in === 'request').map(({ seq }) => seq));
}
