import { type Body, DejaError, type ErrorPackage } from '@deja/format';
import { bodyBytes } from '@deja/format/node';
import type { DatabaseFixture } from '@deja/fixtures';
import { withPinnedClock } from '@deja/fixtures/postgres';
import type { GuestDatabase, GuestPlan } from '@deja/guest';
import type { Engines } from '../run/engines.js';
import { lifetime } from './lifetime.js';
import { planNetwork } from './network.js';
import { makesOwnSchema, requestRows, requestStatements } from './own-schema.js';
import { processAnswers } from './process-answers.js';
import { recordedFiles } from './recorded-files.js';
import type { PlannedTrigger, ReproductionPlan } from './plan.js';

export interface GuestTools {
  /** Path of the module to preload into the application. */
  readonly preload: string;
  readonly engines: Engines;
  /** Another release than the recorded one is run. */
  readonly otherCode: boolean;
  /** The program of a Redis server, where one is installed. */
  readonly redisServer?: string | undefined;
  /** Waiting is passed over. */
  readonly fastForward?: boolean;
  /** The application waits for a debugger at this port. */
  readonly inspectPort?: number;
}

const SETTLE_MS = 2000;
/** With somebody at a debugger. */
const PATIENCE_MS = 24 * 3_600_000;

/** The plan as the guest agent takes it: in recorded paths, which the sandbox's driver makes its own; nothing left to decide. */
export function guestPlan(plan: ReproductionPlan, tools: GuestTools): GuestPlan {
  const { app, recording } = plan;
  const { hosts, addresses } = planNetwork(recording, new Set(plan.stubs.dns.map(({ name }) => name)));
  const programs = processAnswers(recording);
  const files = recordedFiles(recording);
  const isOwn = (database: string): boolean => makesOwnSchema(recording, database, tools.otherCode);
  return {
    network: { mode: 'isolated', hosts, addresses },
    databases: plan.fixtures.databases.flatMap((fixture) => guestDatabase(fixture, recording, tools)),
    stubs: { ...plan.stubs, sql: plan.stubs.sql.map((proxy) => (isOwn(proxy.database) ? requestStatements(proxy, recording) : proxy)) },
    ...(tools.otherCode && tools.redisServer !== undefined && { redisServer: tools.redisServer }),
    app: {
      command: app.arguments.length === 0 ? [] : [app.node.path, ...app.arguments],
      cwd: app.cwd,
      env: app.env,
      uid: app.uid,
      ready: app.ready,
      preload: tools.preload,
      ...(tools.inspectPort !== undefined && { inspectPort: tools.inspectPort }),
    },
    replay: {
      clock: plan.clock,
      sqlite: plan.sqlite,
      ...(programs === null ? {} : { processes: programs }),
      random: recording.timeline.flatMap((event) =>
        event.kind === 'random' && event.scope?.in === 'request' && 'ok' in event.outcome
          ? [{ request: event.scope.request, source: event.source, value: event.outcome.ok.value }]
          : [],
      ),
      requests: plan.triggers.flatMap(expectedRequest),
    },
    ...(files.length === 0 ? {} : { files }),
    triggers: plan.triggers.map((planned) => withInlineBody(planned, recording.blobs)),
    until: recording.failure?.fatal ? 'exit' : 'answers',
    deadlines: {
      ...app.deadlines, ...lateness(recording), ...settling(recording), ...lifetime(recording, app.deadlines.triggerMs, tools.fastForward === true),
      ...(tools.inspectPort !== undefined && { readyMs: PATIENCE_MS, triggerMs: PATIENCE_MS }),
    },
    ...(tools.fastForward && { fastForward: true as const }),
  };
}

function expectedRequest({ request, trigger }: PlannedTrigger): GuestPlan['replay']['requests'] {
  switch (trigger.kind) {
    case 'http':
      return [{ request, method: trigger.method, target: trigger.target }];
    case 'message':
      return [{ request, destination: trigger.destination, ...(typeof trigger.key === 'string' && { key: trigger.key }) }];
    case 'start':
      return [];
  }
}

/** A process that ended because of a message: nobody answers that, so that the end may come as late as it was recorded, and later. */
function settling({ failure, context }: ErrorPackage): { readonly settleMs?: number } {
  const [failing] = context.requests;
  if (failing?.trigger.kind !== 'message' || failure?.fatal !== true) return {};
  return { settleMs: SETTLE_MS + Math.ceil(Math.max(0, (failure.at ?? 0) - failing.at)) };
}

/** How long after its answer the request failed, where it did. */
function lateness({ failure, context }: ErrorPackage): { readonly lateMs?: number } {
  const [failing] = context.requests;
  if (failure?.at === undefined || failure.fatal || failing?.ms === undefined) return {};
  const lateMs = failure.at - (failing.at + failing.ms);
  return lateMs > 0 ? { lateMs: Math.ceil(lateMs) } : {};
}

function guestDatabase(fixture: DatabaseFixture, recording: ErrorPackage, { engines: { postgres, mysql }, otherCode }: GuestTools): readonly GuestDatabase[] {
  const info = recording.databases.find(({ name }) => name === fixture.name);
  const listen = (port: number, user: string): GuestDatabase['listen'] => ({ host: info?.host ?? 'localhost', port: info?.port ?? port, database: info?.database ?? fixture.name, user: info?.user ?? user, ...(info?.settings ? { settings: info.settings } : {}) });
  const made = (): Pick<GuestDatabase, 'fixture' | 'ownSchema'> => (makesOwnSchema(recording, fixture.name, otherCode) ? { fixture: requestRows(fixture, recording), ownSchema: true } : { fixture });
  switch (fixture.engine) {
    case 'sqlite':
      return info?.file === undefined || info.file === ':memory:' ? [] : [{ fixture, engine: { kind: 'sqlite', file: info.file } }];
    case 'postgres': {
      if (postgres === null) throw new DejaError('DEJA_ENGINE_MISSING', `database ${fixture.name} needs Postgres, which is not installed`, { hint: 'deja doctor' });
      const readsClock = recording.timeline.some((event) => event.kind === 'sql' && event.database === fixture.name && withPinnedClock(event.text) !== undefined);
      return [{ ...made(), ...(readsClock && { readsClock }), engine: { kind: 'postgres', ...postgres }, listen: listen(5432, 'postgres') }];
    }
    case 'mysql':
    case 'mariadb':
      if (mysql === null) throw new DejaError('DEJA_ENGINE_MISSING', `database ${fixture.name} needs MariaDB or MySQL, which is not installed`, { hint: 'deja doctor' });
      return [{ ...made(), readsClock: true, engine: { kind: 'mysql', server: mysql.server, template: mysql.template, flavour: mysql.flavour }, listen: listen(3306, 'root') }];
  }
}

/** The agent has no blobs: a body that is one travels in the plan. */
function withInlineBody(planned: PlannedTrigger, blobs: ErrorPackage['blobs']): PlannedTrigger {
  const { trigger } = planned;
  if (trigger.kind === 'start') return planned;
  const body = inline(trigger.body, blobs);
  if (trigger.kind === 'http') return { ...planned, trigger: { ...trigger, ...body } };
  const batch = trigger.batch?.map((one) => ({ ...one, ...inline(one.body, blobs) }));
  return { ...planned, trigger: { ...trigger, ...body, ...(batch && { batch }) } };
}

function inline(body: Body | undefined, blobs: ErrorPackage['blobs']): { readonly body?: Body } {
  return body && 'blob' in body ? { body: { base64: Buffer.from(bodyBytes(blobs, body)).toString('base64') } } : {};
}
