import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DejaError } from '@deja/format';
import { readPackage } from '@deja/format/node';
import { writePackage } from '@deja/format/writer';
import { certify, parseFixtures, renderFixtures } from '@deja/fixtures';
import type * as YamlModule from 'yaml';
import type { ZodType } from 'zod';
import type { ReproductionPlan } from './plan.js';
import type { BuildOptions } from './build.js';
import { observedDocuments } from './documents.js';
import { planEdits } from './edits.js';
import { planBlobs, planText, requireBlobs } from './plan-files.js';
import type { PlanFile, StubsFile } from './schema.js';

const FILES = { plan: 'plan.yaml', fixtures: 'fixtures.yaml', stubs: 'stubs.yaml', documents: 'documents.yaml', recording: 'recording.deja', blobs: 'blobs' } as const;

/**
 * Write the plan as a folder to be read and edited. Returns the files' names.
 * Throws DEJA_PLAN_FOLDER when the folder holds something else, or a plan and `replace` is not asked for.
 */
export function writePlan(plan: ReproductionPlan, folder: string, replace = false): readonly string[] {
  requireRoom(folder, replace);
  mkdirSync(join(folder, FILES.blobs), { recursive: true });
  const { deja, app, clock, triggers, sqlite } = plan;
  const { blobs, ...stubs } = plan.stubs;
  writeFileSync(join(folder, FILES.plan), heading('How the application is started and what triggers the failure.') + yaml().stringify({ deja, app, clock, triggers, sqlite } satisfies PlanFile));
  writeFileSync(join(folder, FILES.fixtures), renderFixtures(plan.fixtures, 'yaml'));
  writeFileSync(join(folder, FILES.stubs), heading(STUBS_HEADING) + yaml().stringify(stubs, { aliasDuplicateObjects: false, lineWidth: 0 }));
  for (const [hash, base64] of Object.entries(blobs)) writeFileSync(join(folder, FILES.blobs, hash), Buffer.from(base64, 'base64'));
  writeFileSync(join(folder, FILES.recording), writePackage(plan.recording));
  const documents = observedDocuments(plan.recording.timeline);
  const observed = Object.keys(documents).length > 0;
  if (observed) writeFileSync(join(folder, FILES.documents), heading(DOCUMENTS_HEADING) + yaml().stringify(documents, { aliasDuplicateObjects: false, lineWidth: 0 }));
  return [FILES.plan, FILES.fixtures, FILES.stubs, ...(observed ? [FILES.documents] : []), FILES.recording];
}

function requireRoom(folder: string, replace: boolean): void {
  if (!existsSync(folder)) return;
  if (statSync(folder).isDirectory() && (readdirSync(folder).length === 0 || (replace && isPlanFolder(folder)))) return;
  const isPlan = isPlanFolder(folder);
  throw new DejaError('DEJA_PLAN_FOLDER', isPlan ? `${folder} holds a plan already, which may have been edited` : `${folder} exists and is not a plan`, {
    hint: isPlan ? 'name another folder with --out DIR, or --force to replace it' : 'name an empty or new folder: --out DIR',
  });
}

export function isPlanFolder(path: string): boolean {
  return existsSync(join(path, FILES.plan)) && existsSync(join(path, FILES.recording));
}

/**
 * Read a plan folder, edited or not: the fixtures are certified anew.
 * Throws DEJA_PLAN_MISSING, DEJA_PLAN_UNREADABLE, DEJA_PLAN_INVALID (naming file and place), DEJA_FIXTURE_SYNTAX, DEJA_PACKAGE_*.
 */
export async function readPlan(folder: string, options: BuildOptions): Promise<ReproductionPlan> {
  const recording = await readPackage(join(folder, FILES.recording));
  const { planFile, stubsFile } = await import('./schema.js');
  const plan = await readYaml<PlanFile>(folder, FILES.plan, planFile);
  const stubs = await readYaml<StubsFile>(folder, FILES.stubs, stubsFile);
  const fixtures = parseFixtures(planText(folder, FILES.fixtures));
  const blobs = planBlobs(join(folder, FILES.blobs));
  requireBlobs(join(folder, FILES.plan), plan.triggers, blobs);
  requireBlobs(join(folder, FILES.stubs), stubs, blobs);
  const certificate = await certify(fixtures, { databases: recording.databases, events: recording.timeline, epoch: recording.context.epoch }, { cacheFolder: options.cacheFolder });
  return { ...plan, fixtures, stubs: { ...stubs, blobs }, certificate, recording, edits: planEdits({ plan, stubs, certificate, recording }) };
}

async function readYaml<T>(folder: string, name: string, schema: ZodType<T>): Promise<T> {
  const file = join(folder, name);
  const { firstProblem, pathText } = await import('@deja/format/checks');
  let value: unknown;
  try {
    value = yaml().parse(planText(folder, name), { uniqueKeys: true });
  } catch (cause) {
    if (cause instanceof DejaError) throw cause;
    throw new DejaError('DEJA_PLAN_INVALID', `${file}: ${(cause instanceof Error ? cause.message : String(cause)).split('\n')[0]?.replace(/:$/, '')}`, { cause, hint: UNDO });
  }
  const found = firstProblem(schema, value);
  if (found) throw new DejaError('DEJA_PLAN_INVALID', `${file}: ${pathText(found.path) || 'the file'}: ${found.problem}`, { hint: UNDO });
  // The schema accepts exactly what the type says: it would not compile otherwise.
  return value as T;
}

const UNDO = 'Undo the change there, or write the plan again: deja plan PACKAGE --out DIR';

/** Only plans as folders need it, and it takes a while to load. */
function yaml(): typeof YamlModule {
  return createRequire(import.meta.url)('yaml') as typeof YamlModule;
}

const STUBS_HEADING = `What the outside world answers: the recorded exchanges, each with the number of its event (seq), from which it comes:
\`deja event FOLDER 12\` shows it. Whatever is changed here is compared with the recording and told; say why beside it (why: TEXT).`;

const DOCUMENTS_HEADING = `The documents of MongoDB that were observed, by database and collection, each with the number of its event. They are for reading: no engine holds them.
The recorded commands of stubs.yaml answer, and what nobody asked when it was recorded is not answered from here.`;

function heading(text: string): string {
  return text.replaceAll(/^/gm, '# ') + '\n';
}
