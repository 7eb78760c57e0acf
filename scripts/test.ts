/** Runs every test and closes with the plain line that continuous integration reads. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly numFailedTestSuites: number;
}

const root = join(import.meta.dirname, '..');
const file = join(root, '.deja', 'test-report.json');
rmSync(file, { force: true });
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const run = spawnSync(
  process.execPath,
  [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
);
const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
const brokenSuites = report.numFailedTests === 0 && run.status !== 0 ? Math.max(1, report.numFailedTestSuites) : 0;
console.log(
  `${report.numPassedTests} passed, ${report.numFailedTests + brokenSuites} failed, ${report.numPendingTests + report.numTodoTests} skipped`,
);
process.exit(run.status ?? 1);
