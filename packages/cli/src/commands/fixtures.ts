import { readFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import type { Certificate, FixturePlan } from '@deja/fixtures';
import type { Engine, IoEvent } from '@deja/format';
import { act, addCommand } from '../shared/command.js';
import { EXIT, usageError, type ExitCode } from '../shared/exit.js';
import { shownPath } from '../shared/find-package.js';
import { cacheFolder, loadPlan } from '../shared/load-plan.js';
import { loadTimeline } from '../shared/load-timeline.js';
import type { Output, SharedOptions } from '../shared/output.js';
import { shellWord } from '../shared/program-name.js';

interface FixturesOptions extends SharedOptions {
  readonly engine?: Engine;
  readonly format: 'yaml' | 'json' | 'sql';
  readonly check?: boolean;
  readonly plan?: string;
}

const ENGINES: readonly Engine[] = ['postgres', 'sqlite', 'mysql', 'mariadb'];

export function fixtures(program: Command): void {
  addCommand(program, 'fixtures <PKG|TIMELINE.json|PLAN>', 'the smallest database in which the recorded statements give the recorded results')
    .addOption(new Option('--engine <E>', 'execute on this engine instead of the recorded one').choices(ENGINES))
    .addOption(new Option('--format <F>', 'form of the fixtures').choices(['yaml', 'json', 'sql']).default('yaml'))
    .option('--plan <FILE>', 'fixtures as they stand in this file (YAML or JSON, edited by hand or not), instead of new ones')
    .option('--check', 'only the certificate: how many statements are exact, and why the others are not')
    .action(act<FixturesOptions, [string]>(compile));
}

interface Certified {
  readonly path: string;
  readonly events: readonly IoEvent[];
  readonly plan: FixturePlan;
  readonly certificate: Certificate;
}

/** Compiled from what was recorded; of a plan, as they stand in it, certified anew. */
async function fixturesOf(named: string, engine: Engine | undefined, file: string | undefined): Promise<Certified> {
  const { isPlanFolder } = await import('@deja/reproduce');
  if (isPlanFolder(named)) {
    if (file !== undefined) throw usageError('a plan has fixtures of its own', `edit ${named}/fixtures.yaml, or name the package`);
    if (engine !== undefined) throw usageError('the fixtures of a plan are for the engine that they name', 'leave --engine out, or name the package');
    const { fixtures: plan, certificate, recording } = await (await loadPlan(named)).plan;
    return { path: named, events: recording.timeline, plan, certificate };
  }
  const { path, ...recorded } = await loadTimeline(named, engine);
  const { certify, compileFixtures, parseFixtures } = await import('@deja/fixtures');
  if (file !== undefined) {
    const plan = parseFixtures(textOf(file));
    return { path, events: recorded.events, plan, certificate: await certify(plan, recorded, { cacheFolder: await cacheFolder() }) };
  }
  return { path, events: recorded.events, ...(await compileFixtures(recorded, { cacheFolder: await cacheFolder() })) };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw usageError(`the fixtures ${file} cannot be read: ${(cause as NodeJS.ErrnoException).code ?? 'unknown error'}`, '`deja fixtures PKG > fixtures.yaml` writes such a file');
  }
}

async function compile(output: Output, { engine, format, plan: file, check = false }: FixturesOptions, named: string): Promise<ExitCode> {
  const { path, events, plan, certificate } = await fixturesOf(named, engine, file);
  const { renderFixtures } = await import('@deja/fixtures');
  const { certificateLine, certificateSummary, opaqueLines } = await import('../render/certificate.js');
  output.document(check ? certificateSummary(certificate) : { fixtures: plan, certificate: certificateSummary(certificate) });
  if (check) {
    output.print([certificateLine(certificate, output.out), ...opaqueLines(certificate, events, output.out)].join('\n'));
    output.next(`fixtures ${shellWord(shownPath(path))}`, 'the rows themselves');
    return EXIT.ok;
  }
  output.print(renderFixtures(plan, format).trimEnd());
  output.say([certificateLine(certificate, output.err), ...opaqueLines(certificate, events, output.err)].join('\n'));
  output.next(`fixtures ${shellWord(shownPath(path))} --format sql`, 'as statements for an engine');
  return EXIT.ok;
}
