/**
 * `npm run bench -- stubs [--set=NAME] [--only=TEXT] [--json=FILE] [--timelines=FILE] [--verbose]`: scenarios of real clients, recorded against real servers and replayed from the stubs
 * with everything real gone; what the client shows is compared field by field. `--timelines` keeps what was recorded, for tests that have no real server.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { usableCacheFolder } from '@deja/sandbox';
import { createAuthority } from '@deja/stubs';
import type { Scenario } from '../scenario.ts';
import { SETS } from '../scenarios/index.ts';
import { keptScenario, type KeptScenario } from './keep.ts';
import { record } from './record.ts';
import { replay, type Replayed } from './replay.ts';
import { table } from './report.ts';

export interface Result extends Omit<Replayed, 'result'> {
  readonly set: string;
  readonly name: string;
  /** 'refused': what was asked was another thing, as the scenario has it, and a stub said so. */
  readonly result: Replayed['result'] | 'refused' | 'not recorded';
}

const { values: options } = parseArgs({ options: { set: { type: 'string' }, only: { type: 'string' }, json: { type: 'string' }, timelines: { type: 'string' }, verbose: { type: 'boolean' } } });
const cacheFolder = usableCacheFolder();
const folder = mkdtempSync(join(tmpdir(), 'deja-stubs-'));
const authority = createAuthority();
const authorityFile = join(folder, 'authority.pem');
writeFileSync(authorityFile, authority.pem);
const results: Result[] = [];
const kept: KeptScenario[] = [];
try {
  for (const [set, load] of Object.entries(SETS)) {
    if (options.set !== undefined && options.set !== set) continue;
    const scenarios = (await load()).scenarios.filter(({ name }) => name.includes(options.only ?? ''));
    for (const one of await record(set, scenarios, join(folder, set), authority, authorityFile)) {
      const { name } = one.scenario;
      if (options.timelines !== undefined && 'file' in one) kept.push(...(await keptScenario(name, one.file)));
      const result: Result = 'missing' in one ? { set, name, result: 'not recorded', reason: one.missing, recorded: '', replayed: null } : { set, name, ...judged(one.scenario, await replay(one.file, cacheFolder)) };
      results.push(result);
      if ((result.result === 'equal' || result.result === 'refused') && !options.verbose) continue;
      console.log(`${result.result}: ${set}: ${name}${result.reason === undefined ? '' : `: ${result.reason}`}`);
      if (options.verbose) console.log(`  recorded ${result.recorded}\n  replayed ${result.replayed ?? 'nothing'}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`\n${table(results)}`);
if (options.timelines !== undefined) writeFileSync(options.timelines, `[\n${kept.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`);
if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(results, null, 1));

/** Where another thing is asked, no client may show what it has shown when it was recorded: a look-alike was served then. */
function judged({ differs }: Scenario, replayed: Replayed): Omit<Result, 'set' | 'name'> {
  if (differs !== true) return replayed;
  return { ...replayed, result: replayed.result !== 'equal' && replayed.replayed !== replayed.recorded ? 'refused' : 'unequal' };
}
