/**
 * The driver `mongodb` against the stub alone: what it showed of a real server (`recorded.json`) it shows again.
 * To record anew: `npm run bench -- stubs --set=mongodb --timelines=tests/compliance/stubs-mongodb/recorded.json`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildStubPlan, createAuthority, startStubs } from '@deja/stubs';
import { describe, expect, it } from 'vitest';
import type { KeptScenario } from '../../../bench/stubs/run/keep.ts';
import { scenarios } from '../../../bench/stubs/scenarios/mongodb.ts';
import { freePort } from '../../support/free-port.ts';

/** Without the clock, the randomness and the names of a sandbox these show something else, or match nothing. */
const ELSEWHERE = new Set(['insert: a time of now', 'selection: a name that is none', 'selection: nothing listens', 'selection: nothing answers']);

const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'recorded.json'), 'utf8')) as readonly KeptScenario[];
const authority = createAuthority();

/** Errors and replica sets name the port, which is another one here. */
function moved(kept: KeptScenario, port: number): KeptScenario {
  return JSON.parse(JSON.stringify(kept).replaceAll(new RegExp(`\\b${kept.port}\\b`, 'g'), String(port))) as KeptScenario;
}

/** Keys in the order of their first appearance: the process makes others than the recorded one. */
function withoutKeys(shown: unknown): unknown {
  const names = new Map<string, string>();
  const text = JSON.stringify(shown ?? null).replaceAll(/\b[0-9a-f]{24}\b/g, (key) => {
    names.set(key, names.get(key) ?? `key ${names.size + 1}`);
    return names.get(key) ?? '';
  });
  return JSON.parse(text);
}

describe('mongodb shows of the stub what it showed of a server', () => {
  const there = recorded.filter(({ name }) => !ELSEWHERE.has(name));
  it('in many scenarios', () => expect(there.length).toBeGreaterThan(80));

  it.for(there.map((kept) => [kept.name, kept] as const))('%s', { timeout: 20_000 }, async ([name, kept]) => {
    const scenario = scenarios.find((one) => one.name === name);
    if (!scenario) throw new Error('it is not among the scenarios any more: record anew');
    const { host, port, timeline, shown } = moved(kept, await freePort());
    const source = { timeline: timeline.events, servers: timeline.servers, databases: [], blobs: new Map<string, Uint8Array>(), context: { epoch: timeline.epoch, requests: [], listening: [] } };
    await using stubs = await startStubs(buildStubPlan(source as unknown as Parameters<typeof buildStubPlan>[0]), { resolve: () => ({ address: '127.0.0.1', port }), authority });
    const now = await scenario.ask({ host, port, url: `mongodb://${host}:${port}/` });
    expect(withoutKeys(now)).toEqual(withoutKeys(shown));
    expect(stubs.divergences).toEqual([]);
  });
});
