/**
 * What an application's image costs: 50 MB of sources, made from nothing, again with nothing changed, and again after one file changed, beside what
 * `mkfs.erofs` alone takes for the same folder.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, globSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { erofsImage } from '../packages/sandbox/src/image/erofs.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 9);
const BYTES = 50_000_000;
const FILE_BYTES = 10_000;
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'deja-bench-images-')));
process.env['DEJA_CACHE'] = join(folder, 'cache');

/** Pieces of this repository's sources, each file another one. */
function writeSources(app: string): void {
  const root = join(import.meta.dirname, '..');
  const text = globSync('packages/*/src/**/*.ts', { cwd: root }).map((path) => readFileSync(join(root, path), 'utf8')).join('');
  for (let index = 0; index * FILE_BYTES < BYTES; index += 1) {
    const group = join(app, `group-${index % 100}`);
    mkdirSync(group, { recursive: true });
    const from = (index * 7919) % (text.length - FILE_BYTES);
    writeFileSync(join(group, `${index}.js`), text.slice(from, from + FILE_BYTES));
  }
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await action();
  return performance.now() - began;
}

function spread(numbers: readonly number[]): string {
  const sorted = numbers.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(0);
  return `${at(0.5)} ms (${at(0.1)}–${at(0.9)})`;
}

try {
  const app = join(folder, 'app');
  writeSources(app);
  const make = (): Promise<unknown> => erofsImage('app', { mounts: [{ from: app, at: '/srv/app' }] });
  const rounds: Record<'alone' | 'unchanged' | 'changed', number[]> = { alone: [], unchanged: [], changed: [] };
  const first = await timed(make);
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.alone.push(await timed(async () => spawnSync('mkfs.erofs', ['-zlz4', '-Eztailpacking', '-T0', '--quiet', join(folder, 'alone.erofs'), app], { stdio: 'inherit' })));
    rounds.unchanged.push(await timed(make));
    appendFileSync(join(app, 'group-7', '7.js'), `// change ${round}\n`);
    rounds.changed.push(await timed(make));
  }
  const ratio = rounds.changed.map((ms, round) => ms / (rounds.alone[round] ?? Number.NaN)).toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
  console.log(`50 MB in ${BYTES / FILE_BYTES} files, ${ROUNDS} rounds (median, 10th–90th percentile)`);
  console.log(`  from nothing       ${first.toFixed(0)} ms`);
  console.log(`  nothing changed    ${spread(rounds.unchanged)}`);
  console.log(`  one file changed   ${spread(rounds.changed)}, ${ratio.toFixed(2)} times mkfs.erofs alone`);
  console.log(`  mkfs.erofs alone   ${spread(rounds.alone)}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
