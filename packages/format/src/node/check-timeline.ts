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
    if ((event.kind === 'redis' || event.kind === 'mongodb' || event.kind === 'message') && !serverNames.has(event.server)) return `event ${event.seq}: server: "${event.server}" is not listed in servers`;
    if (event.scope?.in === 'request' && event.scope.request >= requests) return `event ${event.seq}: scope.request: there is no request ${event.scope.request}`;
  }
  return null;
}
