import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IoEvent } from '@deja/format';
import { buildStubPlan, createAuthority, startStubs, type StubDivergence } from '@deja/stubs';
import { DEFAULT_LIMITS } from '../../../packages/capture/dist/core/config.js';
import { Packer } from '../../../packages/capture/dist/core/packer.js';
import type { Recorder } from '../../../packages/capture/dist/core/recorder.js';
import { TimelineRecorder } from '../../../packages/capture/dist/core/timeline-recorder.js';
import { installHttpClient } from '../../../packages/capture/dist/http/client.js';
import { installGrpc } from '../../../packages/capture/dist/http/grpc.js';
import { installHttp2Client } from '../../../packages/capture/dist/http/http2/client.js';
import { installUndici } from '../../../packages/capture/dist/http/undici.js';
import { policyOf } from '../../../packages/capture/dist/redact/policy.js';
import { Redactor } from '../../../packages/capture/dist/redact/redactor.js';

const BODY_CAP = 1 << 20;

/** Signs for the real servers and for the stubs alike, so that clients trust both. */
export const authority = createAuthority();

export interface StartedServer {
  readonly port: number;
  close(): Promise<void> | void;
}

/** One thing that a client can live through: the real server that does it to it, and the client, which tells what it saw as a plain value. */
export interface Scenario {
  readonly name: string;
  serve(): Promise<StartedServer>;
  client(port: number): Promise<unknown>;
}

export interface Comparison {
  readonly recorded: unknown;
  readonly replayed: unknown;
  readonly timeline: readonly IoEvent[];
  readonly divergences: readonly StubDivergence[];
  readonly notes: readonly string[];
  readonly limits: readonly string[];
  readonly served: readonly number[];
}

let current: TimelineRecorder | undefined;
const recorder: Recorder = {
  begin: (live) => current?.begin(live) ?? null,
  unobserved: (fn) => (current ? current.unobserved(fn) : fn()),
};
installHttpClient(recorder, BODY_CAP);
installHttp2Client(recorder, BODY_CAP);
installGrpc(recorder);
installUndici(recorder, BODY_CAP);
// Loaded after the hooks, as the application's own modules are.
createRequire(import.meta.url)('node:http2');

/** What the client saw of the real server, and what it then saw of the stub on the same port. `other`: another client for the replay. */
export async function compare(scenario: Scenario, other?: Scenario['client']): Promise<Comparison> {
  const server = await scenario.serve();
  const timeline = new TimelineRecorder(DEFAULT_LIMITS);
  const scope = timeline.openRequest(undefined);
  current = timeline;
  let recorded: unknown;
  const packer = new Packer(new Redactor({ policy: policyOf('off') }), BODY_CAP);
  let events: IoEvent[];
  try {
    recorded = await timeline.runIn(scope, () => scenario.client(server.port));
    events = scope.entries.map((entry, index) => ({
      ...entry.live.toBody(packer),
      seq: index + 1,
      scope: { in: 'request', request: 0 },
      at: entry.at,
      ...(entry.endedAt === undefined ? {} : { ms: entry.endedAt - entry.at }),
      ...(entry.done === undefined ? {} : { done: entry.done }),
    }));
  } finally {
    current = undefined;
    await server.close();
    // Clients that keep connections open notice that these are gone.
    await sleep(30);
  }
  const plan = buildStubPlan({ timeline: JSON.parse(JSON.stringify(events)) as IoEvent[], databases: packer.databases, servers: packer.servers, blobs: packer.blobs });
  await using stubs = await startStubs(plan, { resolve: (_host, port) => ({ address: '127.0.0.1', port }), authority });
  const replayed = await (other ? other(server.port) : scenario.client(server.port));
  return {
    recorded, replayed, timeline: events, limits: plan.limits,
    divergences: [...stubs.divergences], notes: [...stubs.notes], served: stubs.served.map(({ seq }) => seq),
  };
}
