import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { HttpTrigger } from '@deja/format';
import type { GuestPlan, TriggerResult } from '@deja/guest';
import type { SandboxSpec } from '../sandbox.js';

/** A folder with the files of an application, and a preload that does as capture does: one package for every answer. */
export interface TestApplication extends Disposable {
  readonly folder: string;
  readonly spec: SandboxSpec;
  plan(change?: PlanChange): GuestPlan;
}

export interface PlanChange extends Partial<Omit<GuestPlan, 'app'>> {
  readonly app?: Partial<GuestPlan['app']>;
}

/** Where the sandbox shows the application. */
export const AT = '/srv/recorded app';
export const NODE_AT = '/opt/recorded/bin/node';

/** The last bytes of an empty zip: what makes a package complete. */
const PRELOAD = `
import http from 'node:http';
import { renameSync, writeFileSync } from 'node:fs';
const end = http.ServerResponse.prototype.end;
http.ServerResponse.prototype.end = function (...args) {
  // Requests to /other… stand for those that overlapped the failing one.
  const file = process.env.DEJA_OUT + '/request-' + (this.req.url.startsWith('/other') ? 1 : 0);
  writeFileSync(file, Buffer.concat([Buffer.from(this.req.url), Buffer.from([0x50, 0x4b, 5, 6]), Buffer.alloc(18)]));
  renameSync(file, file + '.deja');
  return end.apply(this, args);
};
`;

export function application(files: Readonly<Record<string, string>>): TestApplication {
  const outer = realpathSync(mkdtempSync(join(tmpdir(), 'deja-sandbox-test-')));
  const folder = join(outer, 'app');
  mkdirSync(folder);
  for (const [name, text] of Object.entries({ ...files, '../preload/preload.mjs': PRELOAD })) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const preload = join(outer, 'preload', 'preload.mjs');
  return {
    folder,
    spec: { app: { from: folder, at: AT }, node: { from: process.execPath, at: NODE_AT }, modules: [preload] },
    plan: ({ app, ...rest } = {}) => ({
      network: { mode: 'isolated', hosts: [], addresses: [] },
      databases: [],
      stubs: { deja: 'stubs/1', http: [], redis: [], sql: [], dns: [], closed: [], blobs: {}, limits: [] },
      app: { command: [NODE_AT, 'server.js'], cwd: AT, env: { PATH: '/usr/bin:/bin' }, uid: 1000, ready: [], preload, ...app },
      replay: { requests: [] },
      triggers: [],
      until: 'answers',
      deadlines: { readyMs: 15_000, triggerMs: 15_000, settleMs: 200 },
      ...rest,
    }),
    [Symbol.dispose]: () => rmSync(outer, { recursive: true, force: true }),
  };
}

/** An application that answers every request with what a function finds out. */
export function asking(port: number, find: string): Readonly<Record<string, string>> {
  return { 'server.js': `const find = ${find};\nrequire('node:http').createServer(async (req, res) => res.end(JSON.stringify(await find(req)))).listen(${port});` };
}

export function get(port: number, target = '/', rest: Partial<HttpTrigger> = {}): HttpTrigger {
  return { kind: 'http', method: 'GET', target, headers: [['Host', 'app.example']], local: { address: '127.0.0.1', port }, ...rest };
}

/** The plan's part for one request to an application that listens on a port. */
export function asked(port: number, trigger: HttpTrigger = get(port)): Required<Pick<PlanChange, 'triggers' | 'app'>> {
  return { triggers: [{ request: 0, at: 0, trigger }], app: { ready: [{ address: '0.0.0.0', port }] } };
}

/** What an application made by `asking` answered. */
export function answerOf(result: TriggerResult | undefined): Record<string, unknown> {
  const body = result?.response?.body;
  if (!body || !('text' in body)) throw new Error(`no answer: ${JSON.stringify(result)}`);
  return JSON.parse(body.text) as Record<string, unknown>;
}
