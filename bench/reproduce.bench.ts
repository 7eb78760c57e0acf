/**
 * What `deja reproduce` takes beyond the application's own start: its wall time minus that of the plain service until it listens,
 * the two measured in turn. The packages are recorded first, by `deja run`, from real failures.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { dejaRun } from '../tests/support/deja-run.ts';
import { DEJA } from '../tests/support/deja.ts';
import { freePort } from '../tests/support/free-port.ts';
import { testPostgres } from '../tests/support/postgres.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 15);
const APPS = join(import.meta.dirname, 'apps');
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'deja-bench-')));
const SCHEMA = "CREATE TABLE users (id integer PRIMARY KEY, name text, email text); INSERT INTO users VALUES (7, 'Ada', NULL)";

interface Outcome {
  readonly verdict: string;
  readonly runs: readonly { readonly ms: Readonly<Record<string, number>> | null }[];
}

async function recorded(app: string, env: Readonly<Record<string, string>>): Promise<string> {
  const out = join(folder, `${app}-packages`);
  await using service = await dejaRun([process.execPath, join(APPS, `${app}.mjs`)], { out, ready: 'listening', cwd: APPS, env });
  await fetch(`http://127.0.0.1:${env['PORT']}/`).then((response) => response.text());
  await service.stop();
  const [name] = readdirSync(out).filter((file) => file.endsWith('.deja'));
  if (name === undefined) throw new Error(`${app}: nothing was recorded:\n${service.output()}`);
  return join(out, name);
}

async function plainStart(app: string, env: Readonly<Record<string, string>>): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, [join(APPS, `${app}.mjs`)], { cwd: APPS, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const ms = performance.now() - began;
  child.kill('SIGKILL');
  await once(child, 'exit');
  return ms;
}

function reproduced(file: string): { readonly ms: number; readonly parts: Readonly<Record<string, number>> } {
  const began = performance.now();
  const { stdout, stderr } = spawnSync(process.execPath, [DEJA, 'reproduce', file, '--no-control', '--sandbox', 'namespace', '--json'], { cwd: folder, encoding: 'utf8' });
  const ms = performance.now() - began;
  const { verdict, runs } = JSON.parse(stdout) as Outcome;
  const parts = runs[0]?.ms;
  if (verdict !== 'reproduced' || !parts) throw new Error(`${file}: ${verdict}, not reproduced:\n${stdout}${stderr}`);
  return { ms, parts };
}

function quantile(numbers: readonly number[], share: number): number {
  return numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))] ?? Number.NaN;
}

function spread(numbers: readonly number[]): string {
  return `${quantile(numbers, 0.5).toFixed(0)} ms (${quantile(numbers, 0.1).toFixed(0)}–${quantile(numbers, 0.9).toFixed(0)})`;
}

async function compare(app: string, env: Readonly<Record<string, string>>): Promise<void> {
  const file = await recorded(app, env);
  reproduced(file);
  const beyond: number[] = [];
  const totals: number[] = [];
  const parts: Record<string, number[]> = {};
  for (let round = 0; round < ROUNDS; round += 1) {
    const plain = await plainStart(app, env);
    const run = reproduced(file);
    beyond.push(run.ms - plain);
    totals.push(run.ms);
    for (const [name, ms] of Object.entries({ ...run.parts, 'outside the run': run.ms - (run.parts['total'] ?? 0), 'plain start': plain })) (parts[name] ??= []).push(ms);
  }
  console.log(`${app}: ${spread(beyond)} beyond the plain start, ${spread(totals)} in all, over ${ROUNDS} rounds (median, 10th–90th percentile)`);
  console.log(`  ${Object.entries(parts).map(([name, numbers]) => `${name} ${quantile(numbers, 0.5).toFixed(0)}`).join(', ')}`);
}

try {
  await compare('none', { PORT: String(await freePort()) });
  const file = join(folder, 'users.db');
  using db = new DatabaseSync(file);
  db.exec(SCHEMA);
  await compare('sqlite', { PORT: String(await freePort()), DB_FILE: file });
  await using postgres = await testPostgres(SCHEMA);
  await compare('postgres', { PORT: String(await freePort()), ...postgres.env });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
