import type { Databases } from './databases.js';
import type { HarvestedRows } from './plan.js';

/** Name of the file that tells what is in this database. */
export function harvestName(database: string): string {
  return `rows-${database}.json`;
}

/** Reports every row of every served database. */
export async function harvest(databases: Databases['served'], report: (name: string, bytes: Uint8Array) => void): Promise<void> {
  if (databases.size === 0) return;
  const { readPostgresContents } = await import('@deja/fixtures/postgres');
  for (const [name, { server, login }] of databases) {
    const { tables, afterLoad } = await readPostgresContents(server, login);
    const rows: HarvestedRows = { tables, afterLoad };
    report(harvestName(name), Buffer.from(JSON.stringify(rows)));
  }
}
