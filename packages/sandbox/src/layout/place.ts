import type { GuestPlan, PostgresEngine } from '@deja/guest';
import { enginePath, ownPath } from './layout.js';

/** Deja's own parts are shown out of the application's way. */
export function placeOwnParts(plan: GuestPlan): GuestPlan {
  return {
    ...plan,
    network: { ...plan.network, mode: 'isolated' },
    databases: plan.databases.map((database) =>
      database.engine.kind === 'postgres'
        ? { ...database, engine: { kind: 'postgres', ...placeEngine(database.engine) } }
        : database,
    ),
    app: { ...plan.app, preload: ownPath(plan.app.preload) },
  };
}

export function placeEngine({ binaries, template }: PostgresEngine): PostgresEngine {
  return { binaries: enginePath(binaries), template: enginePath(template) };
}
