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

/** Many short rounds: what else the machine does then hits both alike. */
const ROUNDS = Number(process.env['ROUNDS'] ?? 60);
const REQUESTS = Number(process.env['REQUESTS'] ?? 1000);
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
  readonly heapUsed: number;
  readonly external: number;
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

const quantile = (numbers: readonly number[], part: number): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length * part)] ?? Number.NaN;
const median = (numbers: readonly number[]): number => quantile(numbers, 0.5);

const mib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);

type Pair = readonly [plain: Server, captured: Server];

/** What lies below the clients that are known, not observed. */
const NOTHING_BELOW = { DEJA_CONNECTIONS: 'off', DEJA_DATAGRAMS: 'off', DEJA_FILES: 'off', DEJA_PROCESSES: 'off' };

/** `against`: what the first of the pair has in its environment, which is captured as well then. */
async function both<T>(env: Readonly<Record<string, string>>, use: (pair: Pair) => Promise<T>, against?: Readonly<Record<string, string>>): Promise<T> {
  const pair = [await started('healthy.mjs', against !== undefined, { ...env, ...against }), await started('healthy.mjs', true, env)] as const;
  try {
    // Until everything is compiled.
    for (const server of pair) await load(server, 5000);
    return await use(pair);
  } finally {
    for (const server of pair) server.process.kill();
  }
}

async function compare(name: string, env: Readonly<Record<string, string>>, against?: Readonly<Record<string, string>>): Promise<void> {
  await both({ DEJA_LOCALS: 'off', ...env }, async ([plain, captured]) => {
    const rounds: { readonly ratio: number; readonly cost: number }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const first = round % 2 === 0;
      const a = await measured(first ? plain : captured);
      const b = await measured(first ? captured : plain);
      const [without, withCapture] = first ? [a, b] : [b, a];
      rounds.push({ ratio: withCapture / without, cost: withCapture - without });
    }
    const [memory, memoryCaptured] = [await usage(plain), await usage(captured)];
    const ratios = rounds.map(({ ratio }) => ratio);
    console.log(
      `${name}: CPU for a healthy request ×${median(ratios).toFixed(3)} (quartiles ${quantile(ratios, 0.25).toFixed(3)}–${quantile(ratios, 0.75).toFixed(3)} of ${ROUNDS} rounds; ${median(rounds.map(({ cost }) => cost)).toFixed(1)} µs more), `
      + `resident memory ${mib(memoryCaptured.rss - memory.rss)} MiB more than without`,
    );
  }, against);
}

/** Both saturated for minutes, in turn: what grows then only with capture has no bound. */
async function flatness(): Promise<void> {
  await both({}, async (pair) => {
    const sizes: [Usage[], Usage[]] = [[], []];
    for (let tenth = 0; tenth < 10; tenth += 1) {
      for (const [index, server] of pair.entries()) {
        const until = performance.now() + MINUTES * 6000;
        while (performance.now() < until) await load(server, REQUESTS);
        sizes[index]?.push(await usage(server));
      }
    }
    for (const [index, name] of ['without', 'with'].entries()) {
      const of = (part: keyof Usage): string => (sizes[index] ?? []).map((one) => mib(one[part])).join(' ');
      console.log(`${name} capture, after each tenth of ${MINUTES} minutes at saturation: resident ${of('rss')} MiB; heap in use ${of('heapUsed')} MiB; outside of it ${of('external')} MiB`);
    }
  });
}

const upstream = await started('upstream.mjs', false);
try {
  const asking = { UPSTREAM: String(upstream.port) };
  await compare('capture, answering by itself', {});
  await compare('capture, with one outgoing request each', asking);
  await compare('connections, datagrams, files and programs, against capture without them', asking, NOTHING_BELOW);
  await compare('the same in the first seconds, when the debugger for locals is on', { ...asking, DEJA_LOCALS: 'always' });
  if (MINUTES > 0) await flatness();
} finally {
  upstream.process.kill();
  rmSync(out, { recursive: true, force: true });
}
process.exit(0);
