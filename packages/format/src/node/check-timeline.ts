import type { IoEvent } from '../event.js';
import type { DatabaseInfo, ServerInfo } from '../timeline.js';

export interface TimelineParts {
  readonly databases: readonly DatabaseInfo[];
  readonly servers: readonly ServerInfo[];
  readonly events: readonly IoEvent[];
  /** How many requests scopes may refer to. */
  readonly requests: number;
}

/** What a shape cannot say: numbers ascend, and every name an event uses is listed. The first problem, or null. */
export function checkTimeline({ databases, servers, events, requests }: TimelineParts): string | null {
  const databaseNames = new Set(databases.map((database) => database.name));
  const serverNames = new Set(servers.map((server) => server.name));
  if (databaseNames.size < databases.length) return 'two databases have the same name';
  if (serverNames.size < servers.length) return 'two servers have the same name';
  let last = 0;
  for (const event of events) {
    if (event.seq <= last) return `event ${event.seq} comes after event ${last}: seq must ascend`;
    last = event.seq;
    if (event.kind === 'sql' && !databaseNames.has(event.database)) return `event ${event.seq}: database: "${event.database}" is not listed in databases`;
    if (event.kind === 'redis' && !serverNames.has(event.server)) return `event ${event.seq}: server: "${event.server}" is not listed in servers`;
    if (event.scope?.in === 'request' && event.scope.request >= requests) return `event ${event.seq}: scope.request: there is no request ${event.scope.request}`;
    const wrongRow = event.kind === 'sql' ? unevenRow(event) : null;
    if (wrongRow !== null) return `event ${event.seq}: ${wrongRow}`;
  }
  return null;
}

function unevenRow(event: Extract<IoEvent, { kind: 'sql' }>): string | null {
  if (!('ok' in event.outcome)) return null;
  const { fields, rows } = event.outcome.ok;
  const index = rows.findIndex((row) => row.length !== fields.length);
  return index === -1 ? null : `outcome.ok.rows[${index}]: has ${rows[index]?.length ?? 0} cells for ${fields.length} fields`;
}
