import type { GuestPlan } from '@deja/guest';
import { ownPath } from './layout.js';

/** Deja's own parts are shown out of the application's way. */
export function placeOwnParts(plan: GuestPlan): GuestPlan {
  return {
    ...plan,
    network: { ...plan.network, mode: 'isolated' },
    databases: plan.databases.map((database) =>
      database.engine.kind === 'postgres'
        ? { ...database, engine: { ...database.engine, binaries: ownPath(database.engine.binaries), template: ownPath(database.engine.template) } }
        : database,
    ),
    app: { ...plan.app, preload: ownPath(plan.app.preload) },
  };
}
