import type { Certificate } from '@deja/fixtures';
import type { ErrorPackage } from '@deja/format';
import { buildStubPlan } from '@deja/stubs';
import { planApp } from './app.js';
import { planClock, planTriggers } from './build.js';
import { differences, type ValueDifference } from './differences.js';
import type { PlanFile, StubsFile } from './schema.js';
import { sqliteAnswers } from './sqlite-answers.js';

/** Where a plan is not what was recorded, because somebody changed it. */
export interface PlanEdit {
  readonly file: 'plan.yaml' | 'stubs.yaml';
  /** `http payments.example:443, event 12, outcome.ok.status`. */
  readonly at: string;
  /** `200 → 503`, `added`, `left out`. */
  readonly change: string;
  /** The reason that is given there. */
  readonly why?: string;
}

interface ReadPlan {
  readonly plan: PlanFile;
  readonly stubs: StubsFile;
  readonly certificate: Certificate;
  readonly recording: ErrorPackage;
}

/** What was recorded is in the plan's folder as well, so that nothing that was changed goes unnoticed. Fixtures are not compared but executed: the certificate. */
export function planEdits(read: ReadPlan): readonly PlanEdit[] {
  return [...inFile('plan.yaml', recordedPlan(read), read.plan), ...inFile('stubs.yaml', recordedStubs(read), read.stubs), ...leftToEngine(read)];
}

function recordedPlan({ plan, recording }: ReadPlan): PlanFile {
  const verbatim = new Set(plan.sqlite.map(({ seq }) => seq));
  return { deja: 'plan/1', app: planApp(recording.context), clock: planClock(recording), triggers: planTriggers(recording), sqlite: sqliteAnswers(recording, verbatim) };
}

/** Which statements rows cannot satisfy was found out when the plan was made; how they were answered is in the recording. */
function recordedStubs({ stubs, recording }: ReadPlan): StubsFile {
  const opaque = stubs.sql.flatMap(({ statements }) => statements.flatMap(({ seq, how, reason }) => (how === 'verbatim' ? [{ seq, reason: reason ?? '' }] : [])));
  const { blobs: _, ...recorded } = buildStubPlan(recording, opaque);
  return recorded;
}

function leftToEngine({ stubs, certificate }: ReadPlan): readonly PlanEdit[] {
  const otherwise = new Map(certificate.statements.flatMap(({ seq, exact, reason }) => (exact ? [] : [[seq, reason ?? 'it answers otherwise']])));
  return stubs.sql.flatMap(({ database, statements }) =>
    statements.flatMap(({ seq, how, why }) => {
      const reason = how === 'pass' ? otherwise.get(seq) : undefined;
      return reason === undefined ? [] : [{ file: 'stubs.yaml' as const, at: `sql ${database}, event ${seq}`, change: `left to the engine, whose answer is not the recorded one: ${reason}`, ...(why !== undefined && { why }) }];
    }),
  );
}

function inFile(file: PlanEdit['file'], recorded: object, read: object): readonly PlanEdit[] {
  return differences(plain(recorded), plain(read)).map(({ at, before, after, why }) => ({ file, at, change: changeOf(before, after), ...(why !== undefined && { why }) }));
}

function changeOf(before: ValueDifference['before'], after: ValueDifference['after']): string {
  if (before === undefined) return typeof after === 'object' ? 'added' : `added: ${shown(after)}`;
  if (after === undefined) return 'left out';
  return `${shown(before)} → ${shown(after)}`;
}

const LONGEST = 60;

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}

/** As a file holds it: what is undefined is not there. */
function plain(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}
