/** Runs every test and closes with the plain line that continuous integration reads. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

interface TestFile {
  readonly name: string;
  readonly status: string;
  readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
}

const root = join(import.meta.dirname, '..');
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
/** With more than these the project is broken, not one test unsteady. */
const RUN_AGAIN_AT_MOST = 3;

const asked = process.argv.slice(2);
const first = run('test-report', asked);
const failed = first.files.filter(({ status }) => status === 'failed');
// Servers, sandboxes and clocks are real: what fails on a busy machine has a second try alone, and both are told.
const wantsAgain = asked.length === 0 && failed.length > 0 && failed.length <= RUN_AGAIN_AT_MOST;
if (wantsAgain) console.log(`\n${failed.length} of ${first.files.length} files failed: they run again, alone`);
const again = wantsAgain ? run('test-report-again', [...failed.map(({ name }) => relative(root, name)), '--no-file-parallelism']) : null;
const final = again === null ? first.files : [...first.files.filter(({ status }) => status !== 'failed'), ...again.files];
for (const { name, assertionResults } of again === null ? [] : failed) {
  const names = assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => ` > ${fullName}`);
  for (const test of names.length > 0 ? names : ['']) console.log(`failed at first: ${relative(root, name)}${test}`);
}
const status = (again ?? first).status;
const tests = final.flatMap(({ assertionResults }) => assertionResults);
// A file that does not even load has no tests that could fail; an error outside of all tests is in no file.
const brokenFiles = final.filter(({ status: ended, assertionResults }) => ended === 'failed' && !assertionResults.some((test) => test.status === 'failed')).length;
const passes = tests.filter((test) => test.status === 'passed').length;
const failures = tests.filter((test) => test.status === 'failed').length + brokenFiles;
console.log(`${passes} passed, ${status === 0 ? failures : Math.max(1, failures)} failed, ${tests.length - passes - (failures - brokenFiles)} skipped`);
process.exit(status);

function run(report: string, args: readonly string[]): { readonly status: number; readonly files: readonly TestFile[] } {
  const file = join(root, '.deja', `${report}.json`);
  rmSync(file, { force: true });
  const { status: ended } = spawnSync(process.execPath, [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...args], { cwd: root, stdio: 'inherit' });
  return { status: ended ?? 1, files: (JSON.parse(readFileSync(file, 'utf8')) as { readonly testResults: readonly TestFile[] }).testResults };
}
