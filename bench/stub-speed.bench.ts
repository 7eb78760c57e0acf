/**
 * How fast stubs answer, how late, and in how much memory: 10,000 recorded exchanges in several orders, a body of a gigabyte, 10,000 connections, recorded latencies.
 * `npm run bench -- stub-speed [--rounds=N]`.
 */
import { parseArgs } from 'node:util';
import type { StubPlan } from '@deja/stubs';
import { Asker } from './stub-speed/ask.ts';
import { stubProcess, type StubProcess } from './stub-speed/stub-process.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const ROUNDS = Number(values.rounds);
const COUNT = 10_000;
const CONNECTIONS = 8;
const MIB = 1024 * 1024;
const ANSWER = { status: 200, statusText: 'OK', headers: [['content-type', 'application/json'], ['content-length', '1000']] as const, body: { text: 'x'.repeat(1000) } };
const ANSWER_BYTES = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n'.length + 1000;

type Exchange = StubPlan['http'][number]['exchanges'][number];
interface Asked {
  readonly exchange: Exchange;
  readonly request: string;
}

function reading(index: number): Asked {
  const path = `/v1/users/${index}?expand=orders`;
  return { exchange: { seq: index + 1, repeat: false, method: 'GET', url: `http://api.example${path}`, headers: [['host', 'api.example'], ['x-tenant', 'one']], outcome: { ok: ANSWER } }, request: `GET ${path} HTTP/1.1\r\nhost: api.example\r\nx-tenant: one\r\n\r\n` };
}

/** One address, told apart by bodies alone. */
function writing(index: number): Asked {
  const text = JSON.stringify({ id: index, lines: Array.from({ length: 10 }, (_, line) => ({ sku: `sku-${line}`, cents: index * line })) });
  const headers = [['host', 'api.example'], ['content-type', 'application/json']] as const;
  return { exchange: { seq: index + 1, repeat: false, method: 'POST', url: 'http://api.example/v1/orders', headers, body: { text }, outcome: { ok: ANSWER } }, request: `POST /v1/orders HTTP/1.1\r\nhost: api.example\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}` };
}

/** All that is asked, over some connections at once. */
async function askAll(port: number, requests: readonly string[]): Promise<void> {
  const left = requests.values();
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const asker = await Asker.open(port);
      for (const request of left) await asker.ask(request, ANSWER_BYTES);
      asker.close();
    }),
  );
}

async function speed(plan: Partial<StubPlan> | null, requests: readonly string[]): Promise<{ readonly perSecond: number; readonly micros: number; readonly missed: number }> {
  await using server = await stubProcess(plan);
  const port = server.ports[0] ?? 0;
  const before = await server.usage();
  const began = performance.now();
  await askAll(port, requests);
  const ms = performance.now() - began;
  const after = await server.usage();
  return { perSecond: (requests.length / ms) * 1000, micros: (after.cpu - before.cpu) / requests.length, missed: after.divergences };
}

function middle(numbers: readonly number[], digits = 0): string {
  const sorted = numbers.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(digits);
  return `${at(0.5)} (${at(0)}–${at(1)})`;
}

function planOf(all: readonly Asked[]): Partial<StubPlan> {
  return { http: [{ host: 'api.example', port: 80, tls: false, exchanges: all.map(({ exchange }) => exchange) }] };
}

const reads = Array.from({ length: COUNT }, (_, index) => reading(index));
const writes = Array.from({ length: COUNT }, (_, index) => writing(index));
const orders: readonly (readonly [string, Partial<StubPlan> | null, readonly string[]])[] = [
  ['node:http alone', null, reads.map(({ request }) => request)],
  ['reads, as recorded', planOf(reads), reads.map(({ request }) => request)],
  ['reads, backwards', planOf(reads), reads.map(({ request }) => request).toReversed()],
  ['writes to one address, as recorded', planOf(writes), writes.map(({ request }) => request)],
  ['writes to one address, backwards', planOf(writes), writes.map(({ request }) => request).toReversed()],
];
const measured = new Map(orders.map(([name]) => [name, [] as Awaited<ReturnType<typeof speed>>[]]));
for (let round = 0; round < ROUNDS; round++) for (const [name, plan, requests] of orders) measured.get(name)?.push(await speed(plan, requests));
for (const [name, runs] of measured) {
  const missed = runs.reduce((sum, run) => sum + run.missed, 0);
  console.log(`${COUNT} exchanges, ${name}: ${middle(runs.map(({ perSecond }) => perSecond))} a second, ${middle(runs.map(({ micros }) => micros))} µs of processor each${missed > 0 ? `, ${missed} DIVERGED` : ''}`);
}

async function upload(alone: boolean): Promise<void> {
  const size = 1024 * MIB;
  const kept = MIB;
  const body = { base64: Buffer.alloc(kept, 7).toString('base64'), truncated: size - kept };
  const exchange: Exchange = { seq: 1, repeat: false, method: 'PUT', url: 'http://api.example/big', headers: [['host', 'api.example']], body, outcome: { ok: ANSWER } };
  await using server = await stubProcess(alone ? null : { http: [{ host: 'api.example', port: 80, tls: false, exchanges: [exchange] }] });
  const asker = await Asker.open(server.ports[0] ?? 0);
  const before = await server.usage();
  const answered = asker.ask(`PUT /big HTTP/1.1\r\nhost: api.example\r\ncontent-length: ${size}\r\n\r\n`, ANSWER_BYTES);
  const began = performance.now();
  await asker.pour(size);
  await answered;
  const seconds = (performance.now() - began) / 1000;
  const after = await server.usage();
  asker.close();
  console.log(`a body of 1 GiB, ${alone ? 'node:http alone' : 'of which 1 MiB was kept'}: ${(1024 / seconds).toFixed(0)} MiB/s, ${((after.peak - before.rss) / MIB).toFixed(0)} MiB more memory at the most${after.divergences > 0 ? ', DIVERGED' : ''}`);
}

async function manyConnections(): Promise<void> {
  await using server = await stubProcess(planOf(reads));
  const before = await server.usage();
  const askers = await openAll(server, 10_000);
  const began = performance.now();
  await Promise.all(askers.map((asker, index) => asker.ask(reads[index]?.request ?? '', ANSWER_BYTES)));
  const seconds = (performance.now() - began) / 1000;
  const after = await server.usage();
  for (const asker of askers) asker.close();
  console.log(`10,000 connections at once, one question each: all answered in ${seconds.toFixed(1)} s, ${((after.peak - before.rss) / MIB).toFixed(0)} MiB more memory at the most${after.divergences > 0 ? `, ${after.divergences} DIVERGED` : ''}`);
}

async function openAll(server: StubProcess, count: number): Promise<Asker[]> {
  const askers: Asker[] = [];
  while (askers.length < count) askers.push(...(await Promise.all(Array.from({ length: 200 }, () => Asker.open(server.ports[0] ?? 0)))));
  return askers;
}

async function lateness(): Promise<void> {
  const waits = Array.from({ length: 300 }, (_, index) => 1 + ((index * 37) % 200));
  const all = waits.map((ms, index) => ({ ...reading(index).exchange, ms, outcome: { ok: { ...ANSWER, ttfb: ms } } }));
  await using server = await stubProcess({ http: [{ host: 'api.example', port: 80, tls: false, exchanges: all }] }, 1);
  const asker = await Asker.open(server.ports[0] ?? 0);
  await asker.ask(reading(0).request, ANSWER_BYTES);
  const late: number[] = [];
  for (const [index, ms] of waits.entries()) if (index > 0) late.push((await asker.ask(reading(index).request, ANSWER_BYTES)) - ms);
  asker.close();
  const beyond = waits.slice(1).map((ms, index) => Math.abs(late[index] ?? 0) - ms * 0.01);
  console.log(`recorded latencies of 1 to 200 ms: ${middle(late, 2)} ms late; beyond 1% of the latency: ${middle(beyond, 2)} ms`);
}

await upload(true);
await upload(false);
await manyConnections();
await lateness();
