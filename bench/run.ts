/**
 * `npm run bench [-- NAME… --OPTION=…]`: every measurement of this folder, one after the other, each in a process of its own. Figures are ratios or differences
 * within one run; nothing here can fail a build.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

const options = process.argv.slice(2).filter((word) => word.startsWith('--'));
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const benches = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.bench.ts'))
  .filter((name) => wanted.length === 0 || wanted.includes(basename(name, '.bench.ts')));
for (const name of benches) {
  console.log(`\n## ${basename(name, '.bench.ts')}`);
  spawnSync(process.execPath, ['--import', join(import.meta.dirname, 'sources.ts'), join(import.meta.dirname, name), ...options], { stdio: 'inherit' });
}
