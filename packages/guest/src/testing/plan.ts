import type { HttpTrigger } from '@deja/format';
import type { GuestPlan } from '../plan.js';

/** A plan without databases and stubs for an application that this Node runs. */
export function planFor(app: Partial<GuestPlan['app']> & Pick<GuestPlan['app'], 'command' | 'cwd' | 'preload'>, rest: Partial<Omit<GuestPlan, 'app'>> = {}): GuestPlan {
  return {
    network: { mode: 'isolated', hosts: [], addresses: [] },
    databases: [],
    stubs: { deja: 'stubs/1', http: [], redis: [], sql: [], dns: [], closed: [], blobs: {}, limits: [] },
    app: { env: { PATH: '/usr/bin:/bin' }, uid: process.getuid?.() ?? 0, ready: [], ...app },
    replay: { requests: [] },
    triggers: [],
    until: 'answers',
    deadlines: { readyMs: 10_000, triggerMs: 10_000 },
    ...rest,
  };
}

export function get(port: number, target = '/', rest: Partial<HttpTrigger> = {}): HttpTrigger {
  return { kind: 'http', method: 'GET', target, headers: [['Host', 'app.example']], local: { address: '127.0.0.1', port }, ...rest };
}
