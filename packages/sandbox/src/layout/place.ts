import type { GuestDatabase, GuestPlan, MysqlEngine, PostgresEngine } from '@deja/guest';
import { enginePath, ownPath } from './layout.js';

/** Deja's own parts are shown out of the application's way. */
export function placeOwnParts(plan: GuestPlan): GuestPlan {
  return {
    ...plan,
    network: { ...plan.network, mode: 'isolated' },
    databases: plan.databases.map((database) => ({ ...database, engine: placed(database.engine) })),
    app: { ...plan.app, preload: ownPath(plan.app.preload) },
  };
}

function placed(engine: GuestDatabase['engine']): GuestDatabase['engine'] {
  switch (engine.kind) {
    case 'postgres':
      return { kind: 'postgres', ...placeEngine(engine) };
    case 'mysql':
      return { kind: 'mysql', ...placeMysql(engine) };
    case 'sqlite':
      return engine;
  }
}

export function placeMysql({ server, template, flavour }: MysqlEngine): MysqlEngine {
  return { server: enginePath(server), template: enginePath(template), flavour };
}

export function placeEngine({ binaries, template }: PostgresEngine): PostgresEngine {
  return { binaries: enginePath(binaries), template: enginePath(template) };
}
