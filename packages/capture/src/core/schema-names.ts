import type { DatabaseInfo, IoEvent } from '@deja/format';

/** Tables and columns, as answers and schemas name them. */
export function schemaNames({ timeline, databases }: { readonly timeline: readonly IoEvent[]; readonly databases: readonly DatabaseInfo[] }): ReadonlySet<string> {
  const names = new Set<string>();
  for (const event of timeline) {
    if (event.kind !== 'sql' || !('ok' in event.outcome)) continue;
    for (const { name, table, column } of event.outcome.ok.fields) for (const one of [name, table, column]) if (one !== undefined) names.add(one);
  }
  for (const { ddl = '' } of databases) for (const [, name = ''] of ddl.matchAll(/[`"]([\w$]+)[`"]/g)) names.add(name);
  return names;
}
