import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import type { DatabaseInfo, Engine, IoEvent } from '@deja/format';
import { findPackage } from './find-package.js';

export interface LoadedTimeline {
  readonly path: string;
  readonly databases: readonly DatabaseInfo[];
  readonly events: readonly IoEvent[];
  /** Milliseconds since 1970 to which the events' `at` refer. */
  readonly epoch?: number;
}

/**
 * The databases and events of a package or of a stand-alone timeline. `engine` replaces the recorded engine, and stands in where none is named.
 * Throws DEJA_PACKAGE_*, DEJA_USAGE.
 */
export async function loadTimeline(named: string, engine: Engine | undefined): Promise<LoadedTimeline> {
  const { readPackage, readTimeline } = await import('@deja/format/node');
  if (isJson(named)) {
    const { databases = [], events, epoch } = await readTimeline(named, engine === undefined ? {} : { engine });
    return { path: named, databases: databases.map((database) => onEngine(database, engine)), events, ...(epoch === undefined ? {} : { epoch }) };
  }
  const path = findPackage(named);
  const pkg = await readPackage(path);
  return { path, databases: pkg.databases.map((database) => onEngine(database, engine)), events: pkg.timeline, epoch: pkg.context.epoch };
}

/** By its content: a package is a zip file, whatever its name. */
function isJson(path: string): boolean {
  if (path.endsWith('.deja') || !existsSync(path)) return path.endsWith('.json');
  if (!statSync(path).isFile()) return false;
  const file = openSync(path, 'r');
  try {
    const begin = Buffer.alloc(2);
    readSync(file, begin, 0, 2, 0);
    return begin.toString('latin1') !== 'PK';
  } finally {
    closeSync(file);
  }
}

/** Another engine has another version. */
function onEngine(database: DatabaseInfo, engine: Engine | undefined): DatabaseInfo {
  if (engine === undefined || engine === database.engine) return database;
  const { version: _, ...rest } = database;
  return { ...rest, engine };
}
