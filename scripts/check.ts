/** Everything that is checked without running the product: types, lint, borders. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const modules = join(root, 'node_modules');
const steps: readonly (readonly [name: string, ...command: string[]])[] = [
  ['types', process.execPath, join(modules, 'typescript', 'bin', 'tsc'), '-b'],
  ['types of tests and scripts', process.execPath, join(modules, 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.tests.json'],
  ['lint', process.execPath, join(modules, 'oxlint', 'bin', 'oxlint'), '--type-aware', '--deny-warnings'],
  ['borders', process.execPath, 'scripts/check-borders.ts'],
];

let failed = 0;
for (const [name, command = '', ...args] of steps) {
  const done = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  console.log(`${done.status === 0 ? '✔' : '✘'} ${name}`);
  if (done.status !== 0) failed++;
}
process.exit(failed === 0 ? 0 : 1);
