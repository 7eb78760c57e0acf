/** Runs every test and closes with the plain line that continuous integration reads. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
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
// A file that does not even load has no tests that could fail; an error outside of all tests is in no file.
const brokenFiles = report.testResults.filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0).length;
const failed = report.numFailedTests + brokenFiles;
console.log(
  `${report.numPassedTests} passed, ${run.status === 0 ? failed : Math.max(1, failed)} failed, ${report.numPendingTests + report.numTodoTests} skipped`,
);
process.exit(run.status ?? 1);
