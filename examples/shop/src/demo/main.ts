/** One command: failures in production, everything switched off, each failure confirmed from what was observed alone. */
import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { styleText } from 'node:util';
import { runDeja } from './deja-command.js';
import { recordFailures, type RecordedFailure, type RecordProgress, type Recording } from './record.js';
import { reproducePackage } from './reproduce.js';
import { isConfirmed, resultTable, type Result } from './table.js';

const RUNS = 10;
const PLAN_LINES = 45;
const FOLDER = process.argv[2] ?? join('.deja', 'demo');
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());

process.exitCode = await demo().catch((error: unknown) => {
  if (interrupted.signal.aborted) return 130;
  console.error(`${styleText('red', '✘')} ${error instanceof Error ? error.message : String(error)}`);
  return 1;
});

async function demo(): Promise<number> {
  await rm(FOLDER, { recursive: true, force: true });
  heading('Production');
  const recording = await recordFailures({ out: FOLDER, folder: join(FOLDER, 'world'), cacheFolder: join('.deja', 'cache'), onProgress: report, signal: interrupted.signal });
  heading(`Reproduction: ${RUNS} times each, in a sandbox, from the packages alone`);
  const results: Result[] = [];
  for (const recorded of recording.failures) results.push(await confirm(recorded));
  heading('Plan of one of them');
  await showPlan(recording.failures[0]);
  heading('Result');
  return conclude(results, recording);
}

function heading(text: string): void {
  console.log(`\n${styleText('bold', text)}`);
}

function report(progress: RecordProgress): void {
  switch (progress.step) {
    case 'world': {
      const { database, redis, payments, storage, leftOut } = progress.world;
      console.log(`  Postgres ${database.version}${redis ? `, Redis ${redis.version}` : ''}, payments at ${payments.url}, storage at ${storage.url}`);
      for (const part of leftOut) console.log(`  ${styleText('yellow', '!')} left out: ${part}`);
      break;
    }
    case 'service':
      console.log(`  the shop serves at ${progress.url}, started by ${styleText('cyan', 'deja run -- node examples/shop/dist/service/main.js')}`);
      break;
    case 'failure':
      console.log(`  ${styleText('red', '✘')} ${progress.failure.title}: ${progress.status} ${styleText('dim', oneLine(progress.text))}`);
      break;
    case 'stopped': {
      const { answered, failed } = progress.report;
      console.log(`  ${answered} ordinary requests answered beside them${failed.length > 0 ? `, ${failed.length} of them failed too` : ''}`);
      console.log(`  ${styleText('bold', 'all servers are stopped')}`);
      break;
    }
    case 'line':
      break;
  }
}

async function confirm(recorded: RecordedFailure): Promise<Result> {
  interrupted.signal.throwIfAborted();
  console.log(`  ${styleText('cyan', `deja reproduce ${shown(recorded.path)} --runs ${RUNS}`)}`);
  console.log(`    ${styleText('dim', oneLine(recorded.summary))}`);
  try {
    const reproduced = await reproducePackage(recorded.path, RUNS, interrupted.signal);
    for (const { verdict, divergence, error } of reproduced.runs.filter((run) => run.verdict !== 'reproduced').slice(0, 1)) {
      console.log(`    ${styleText('red', verdict)} ${oneLine(error?.message ?? JSON.stringify(divergence))}`);
    }
    const { control } = reproduced;
    if (control) console.log(`    control without ${oneLine(control.removed)}: ${control.verdict}${control.instead ? styleText('dim', ` (${oneLine(control.instead)})`) : ''}`);
    return { recorded, reproduced };
  } catch (error) {
    console.log(`    ${styleText('red', '✘')} ${error instanceof Error ? error.message : String(error)}`);
    return { recorded, reproduced: null };
  }
}

async function showPlan(recorded: RecordedFailure | undefined): Promise<void> {
  if (!recorded) return;
  const folder = join(FOLDER, 'plan');
  console.log(`  ${styleText('cyan', `deja plan ${shown(recorded.path)} --out ${folder}`)}`);
  const { code, stderr } = await runDeja(['plan', recorded.path, '--out', folder, '--force', '--json']);
  const file = join(folder, 'fixtures.yaml');
  if (code !== 0 || !existsSync(file)) {
    console.log(`    ${styleText('red', '✘')} ${stderr.trim()}`);
    return;
  }
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  console.log(styleText('dim', `    # ${file}`));
  for (const line of lines.slice(0, PLAN_LINES)) console.log(`    ${line}`);
  if (lines.length > PLAN_LINES) console.log(styleText('dim', `    … ${lines.length - PLAN_LINES} more lines`));
}

function conclude(results: readonly Result[], { leftOut }: Recording): number {
  console.log(indented(resultTable(results)));
  const confirmed = results.filter((result) => isConfirmed(result, RUNS)).length;
  for (const part of leftOut) console.log(`  ${styleText('yellow', '!')} left out: ${part}`);
  const good = confirmed === results.length;
  console.log(`\n  ${styleText(good ? 'green' : 'red', good ? '✔' : '✘')} ${confirmed} of ${results.length} failures confirmed ${RUNS} times, and gone without their cause`);
  const first = results[0];
  if (first) console.log(`  next: ${styleText('cyan', `node packages/cli/bin/deja.js show ${shown(first.recorded.path)}`)}`);
  return good ? 0 : 1;
}

function shown(path: string): string {
  return relative(process.cwd(), resolve(path));
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > 140 ? `${line.slice(0, 140)}…` : line;
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
