/**
 * What capture costs a service whose requests are all healthy: CPU for each request and resident memory, with and without it,
 * in interleaved rounds of one run. Prints ratios; absolute figures depend on the machine.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import http from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const ROUNDS = Number(process.env['ROUNDS'] ?? 12);
const REQUESTS = Number(process.env['REQUESTS'] ?? 3000);
const CONCURRENCY = 16;
/** `--minutes N`: then, for so long, nothing but load, with the memory after each tenth of it. */
const MINUTES = Number(/--minutes[ =](\d+(?:\.\d+)?)/.exec(process.argv.join(' '))?.[1] ?? 0);
const register = pathToFileURL(join(import.meta.dirname, '..', 'packages', 'capture', 'dist', 'register.js')).href;
const out = mkdtempSync(join(tmpdir(), 'deja-bench-'));
const body = JSON.stringify({ lines: Array.from({ length: 20 }, (_, n) => ({ article: `article ${n}`, count: n })) });

interface Server {
  readonly process: ChildProcess;
  readonly port: number;
  readonly agent: http.Agent;
}

async function started(script: string, capture: boolean, env: Readonly<Record<string, string>> = {}): Promise<Server> {
  const options = ['--expose-gc', ...(capture ? ['--import', register] : []), join(import.meta.dirname, '..', 'tests', 'apps', 'bench', script)];
  const child = spawn(process.execPath, options, { env: { PATH: process.env['PATH'] ?? '', DEJA_OUT: out, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      const match = /listening (\d+)/.exec(chunk.toString());
      if (match) resolve(Number(match[1]));
    });
  });
  return { process: child, port, agent: new http.Agent({ keepAlive: true, maxSockets: CONCURRENCY }) };
}

function call({ port, agent }: Server, path: string, content?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, path, agent, method: content === undefined ? 'GET' : 'POST', headers: { 'content-type': 'application/json' } }, (response) => {
      let text = '';
      response.on('data', (part: Buffer) => { text += part.toString(); }).on('end', () => resolve(text));
    });
    request.on('error', reject);
    request.end(content);
  });
}

interface Usage {
  readonly cpu: number;
  readonly rss: number;
}

const usage = async (server: Server): Promise<Usage> => JSON.parse(await call(server, '/usage')) as Usage;

async function load(server: Server, count: number): Promise<void> {
  let left = count;
  const one = async (): Promise<void> => {
    while (left-- > 0) await call(server, '/orders', body);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, one));
}

/** CPU microseconds for each request. */
async function measured(server: Server): Promise<number> {
  const before = await usage(server);
  await load(server, REQUESTS);
  return ((await usage(server)).cpu - before.cpu) / REQUESTS;
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

const mib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);

async function compare(name: string, env: Readonly<Record<string, string>>): Promise<void> {
  const plain = await started('healthy.mjs', false, env);
  const captured = await started('healthy.mjs', true, env);
  try {
    for (const server of [plain, captured]) await load(server, REQUESTS);
    const ratios: number[] = [];
    const costs: number[] = [];
    const early = await usage(captured);
    for (let round = 0; round < ROUNDS; round += 1) {
      const first = round % 2 === 0;
      const a = await measured(first ? plain : captured);
      const b = await measured(first ? captured : plain);
      const [without, withCapture] = first ? [a, b] : [b, a];
      ratios.push(withCapture / without);
      costs.push(withCapture - without);
    }
    const [memory, memoryCaptured] = [await usage(plain), await usage(captured)];
    const sorted = ratios.toSorted((a, b) => a - b);
    console.log(
      `${name}: CPU for a healthy request ×${median(ratios).toFixed(3)} (${sorted[0]?.toFixed(3)}–${sorted.at(-1)?.toFixed(3)} over ${ROUNDS} rounds; ${median(costs).toFixed(1)} µs more), `
      + `resident memory ${mib(memoryCaptured.rss - memory.rss)} MiB more than without, ${mib(memoryCaptured.rss - early.rss)} MiB since the first round`,
    );
  } finally {
    plain.process.kill();
    captured.process.kill();
  }
}

/** Saturated for minutes: what grows then has no bound. */
async function flatness(): Promise<void> {
  const server = await started('healthy.mjs', true);
  try {
    await load(server, REQUESTS);
    const sizes: number[] = [];
    for (let tenth = 0; tenth < 10; tenth += 1) {
      const until = performance.now() + MINUTES * 6000;
      while (performance.now() < until) await load(server, REQUESTS);
      sizes.push((await usage(server)).rss);
    }
    console.log(`resident memory over ${MINUTES} minutes at saturation, after each tenth: ${sizes.map(mib).join(' ')} MiB`);
  } finally {
    server.process.kill();
  }
}

const upstream = await started('upstream.mjs', false);
try {
  await compare('capture, answering by itself', {});
  await compare('capture, with one outgoing request each', { UPSTREAM: String(upstream.port) });
  if (MINUTES > 0) await flatness();
} finally {
  upstream.process.kill();
  rmSync(out, { recursive: true, force: true });
}
process.exit(0);
