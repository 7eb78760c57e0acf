import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DejaError } from '@deja/format';
import { readPackage } from '@deja/format/node';
import { writePackage } from '@deja/format/writer';
import { certify, parseFixtures, renderFixtures } from '@deja/fixtures';
import type { StubPlan } from '@deja/stubs';
import { parse, stringify } from 'yaml';
import type { ReproductionPlan } from './plan.js';
import type { BuildOptions } from './build.js';

const FILES = { plan: 'plan.yaml', fixtures: 'fixtures.yaml', stubs: 'stubs.yaml', recording: 'recording.deja', blobs: 'blobs' } as const;

/** The parts of the plan that `plan.yaml` shows and lets be edited. */
type PlanFile = Pick<ReproductionPlan, 'deja' | 'app' | 'clock' | 'triggers' | 'sqlite'>;

/** Write the plan as a folder to be read and edited. Returns the files' names. Refuses a folder that holds something else. */
export function writePlan(plan: ReproductionPlan, folder: string): readonly string[] {
  if (existsSync(folder) && (!statSync(folder).isDirectory() || (readdirSync(folder).length > 0 && !isPlanFolder(folder)))) {
    throw new DejaError('DEJA_PLAN_FOLDER', `${folder} exists and is not a plan`, { hint: 'name an empty or new folder: --out DIR' });
  }
  mkdirSync(join(folder, FILES.blobs), { recursive: true });
  const { deja, app, clock, triggers, sqlite } = plan;
  const { blobs, ...stubs } = plan.stubs;
  writeFileSync(join(folder, FILES.plan), heading('How the application is started and what triggers the failure.') + stringify({ deja, app, clock, triggers, sqlite } satisfies PlanFile));
  writeFileSync(join(folder, FILES.fixtures), renderFixtures(plan.fixtures, 'yaml'));
  writeFileSync(join(folder, FILES.stubs), heading('What the outside world answers: the recorded exchanges, each with its number (seq).') + stringify(stubs, { aliasDuplicateObjects: false }));
  for (const [hash, base64] of Object.entries(blobs)) writeFileSync(join(folder, FILES.blobs, hash), Buffer.from(base64, 'base64'));
  writeFileSync(join(folder, FILES.recording), writePackage(plan.recording));
  return [FILES.plan, FILES.fixtures, FILES.stubs, FILES.recording];
}

export function isPlanFolder(path: string): boolean {
  return existsSync(join(path, FILES.plan)) && existsSync(join(path, FILES.recording));
}

/** Read a plan folder, edited or not: the fixtures are certified anew. */
export async function readPlan(folder: string, options: BuildOptions): Promise<ReproductionPlan> {
  const recording = await readPackage(join(folder, FILES.recording));
  const { deja, app, clock, triggers, sqlite } = readYaml<PlanFile>(folder, FILES.plan);
  if (deja !== 'plan/1') throw new DejaError('DEJA_PLAN_VERSION', `${join(folder, FILES.plan)}: this is ${String(deja)}, and only plan/1 is known`);
  const fixtures = parseFixtures(readFileSync(join(folder, FILES.fixtures), 'utf8'));
  const stubs = readYaml<Omit<StubPlan, 'blobs'>>(folder, FILES.stubs);
  const certificate = await certify(fixtures, { databases: recording.databases, events: recording.timeline }, { cacheFolder: options.cacheFolder });
  return { deja, app, clock, triggers, sqlite, fixtures, stubs: { ...stubs, blobs: readBlobs(join(folder, FILES.blobs)) }, certificate, recording };
}

function readBlobs(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(readdirSync(folder).map((hash) => [hash, readFileSync(join(folder, hash)).toString('base64')]));
}

function readYaml<T>(folder: string, name: string): T {
  const file = join(folder, name);
  try {
    return parse(readFileSync(file, 'utf8')) as T;
  } catch (cause) {
    throw new DejaError('DEJA_PLAN_UNREADABLE', `${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function heading(text: string): string {
  return `# ${text}\n`;
}
