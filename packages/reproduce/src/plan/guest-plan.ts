import { DejaError, type ErrorPackage } from '@deja/format';
import { bodyBytes } from '@deja/format/node';
import type { DatabaseFixture } from '@deja/fixtures';
import { withPinnedClock } from '@deja/fixtures/postgres';
import type { GuestDatabase, GuestPlan } from '@deja/guest';
import { planNetwork } from './network.js';
import { makesOwnSchema, requestRows, requestStatements } from './own-schema.js';
import type { PlannedTrigger, ReproductionPlan } from './plan.js';

export interface GuestTools {
  /** Path of the module to preload into the application. */
  readonly preload: string;
  /** Folders of the server's binaries and of its prepared data. Null where no database of the plan needs them. */
  readonly postgres: { readonly binaries: string; readonly template: string } | null;
  /** Another release than the recorded one is run. */
  readonly otherCode: boolean;
  /** Waiting is passed over. */
  readonly fastForward?: boolean;
}

/** The plan as the guest agent takes it: in recorded paths, which the sandbox's driver makes its own; nothing left to decide. */
export function guestPlan(plan: ReproductionPlan, tools: GuestTools): GuestPlan {
  const { app, recording } = plan;
  const { hosts, addresses } = planNetwork(recording, new Set(plan.stubs.dns.map(({ name }) => name)));
  const isOwn = (database: string): boolean => makesOwnSchema(recording, database, tools.otherCode);
  return {
    network: { mode: 'isolated', hosts, addresses },
    databases: plan.fixtures.databases.flatMap((fixture) => guestDatabase(fixture, recording, tools)),
    stubs: { ...plan.stubs, sql: plan.stubs.sql.map((proxy) => (isOwn(proxy.database) ? requestStatements(proxy, recording) : proxy)) },
    app: {
      command: app.arguments.length === 0 ? [] : [app.node.path, ...app.arguments],
      cwd: app.cwd,
      env: app.env,
      uid: app.uid,
      ready: app.ready,
      preload: tools.preload,
    },
    replay: {
      clock: plan.clock,
      sqlite: plan.sqlite,
      random: recording.timeline.flatMap((event) =>
        event.kind === 'random' && event.scope?.in === 'request' && 'ok' in event.outcome
          ? [{ request: event.scope.request, source: event.source, value: event.outcome.ok.value }]
          : [],
      ),
      requests: plan.triggers.flatMap(({ request, trigger }) => (trigger.kind === 'http' ? [{ request, method: trigger.method, target: trigger.target }] : [])),
    },
    triggers: plan.triggers.map((planned) => withInlineBody(planned, recording.blobs)),
    until: recording.failure?.fatal ? 'exit' : 'answers',
    deadlines: { ...app.deadlines, ...lateness(recording) },
    ...(tools.fastForward && { fastForward: true as const }),
  };
}

/** How long after its answer the request failed, where it did. */
function lateness({ failure, context }: ErrorPackage): { readonly lateMs?: number } {
  const [failing] = context.requests;
  if (failure?.at === undefined || failure.fatal || failing?.ms === undefined) return {};
  const lateMs = failure.at - (failing.at + failing.ms);
  return lateMs > 0 ? { lateMs: Math.ceil(lateMs) } : {};
}

function guestDatabase(fixture: DatabaseFixture, recording: ErrorPackage, { postgres, otherCode }: GuestTools): readonly GuestDatabase[] {
  const info = recording.databases.find(({ name }) => name === fixture.name);
  switch (fixture.engine) {
    case 'sqlite':
      return info?.file === undefined || info.file === ':memory:' ? [] : [{ fixture, engine: { kind: 'sqlite', file: info.file } }];
    case 'postgres': {
      if (postgres === null) throw new DejaError('DEJA_ENGINE_MISSING', `database ${fixture.name} needs Postgres, which is not installed`, { hint: 'deja doctor' });
      const listen = { host: info?.host ?? 'localhost', port: info?.port ?? 5432, database: info?.database ?? fixture.name, user: info?.user ?? 'postgres', ...(info?.settings ? { settings: info.settings } : {}) };
      const made = makesOwnSchema(recording, fixture.name, otherCode) ? { fixture: requestRows(fixture, recording), ownSchema: true } : { fixture };
      const readsClock = recording.timeline.some((event) => event.kind === 'sql' && event.database === fixture.name && withPinnedClock(event.text) !== undefined);
      return [{ ...made, ...(readsClock && { readsClock }), engine: { kind: 'postgres', ...postgres }, listen }];
    }
    case 'mysql':
    case 'mariadb':
      throw new DejaError('DEJA_ENGINE_UNSUPPORTED', `database ${fixture.name} is ${fixture.engine}, for which there is no engine yet`);
  }
}

/** The agent has no blobs: a body that is one travels in the plan. */
function withInlineBody(planned: PlannedTrigger, blobs: ErrorPackage['blobs']): PlannedTrigger {
  const { trigger } = planned;
  if (trigger.kind !== 'http' || trigger.body === undefined || !('blob' in trigger.body)) return planned;
  return { ...planned, trigger: { ...trigger, body: { base64: Buffer.from(bodyBytes(blobs, trigger.body)).toString('base64') } } };
}
