import { Option, type Command } from 'commander';
import type { ErrorPackage, EventKind, IoEvent } from '@deja/format';
import { act, addCommand } from '../shared/command.js';
import { EXIT, type ExitCode } from '../shared/exit.js';
import { shownPath } from '../shared/find-package.js';
import { loadPackage } from '../shared/load-package.js';
import type { Output, SharedOptions } from '../shared/output.js';
import type { Paint } from '../shared/paint.js';
import { shellWord } from '../shared/program-name.js';
import { endingOf, outcomeText, requestAt, scopeText, whatText, whereText } from '../render/event-line.js';
import { foldRandom, type Fold } from '../render/fold.js';
import { table } from '../render/table.js';
import { cut, oneLine } from '../render/text.js';
import { duration } from '../render/units.js';

interface EventsOptions extends SharedOptions {
  readonly kind?: EventKind;
  readonly all?: boolean;
}

const KINDS: readonly EventKind[] = ['sql', 'http', 'redis', 'mongodb', 'message', 'dns', 'socket', 'process', 'file', 'state', 'random'];
/** Widths beyond which what is asked and what came back are cut, at a terminal. */
const FIXED = 36;
const MARKS = { ok: '✔', bad: '!', error: '✘', pending: '…' } as const;

export function events(program: Command): void {
  addCommand(program, 'events PKG', 'the timeline: every exchange with the outside, in order')
    .addOption(new Option('--kind <kind>', 'only events of this kind').choices(KINDS))
    .option('--all', 'every event: those of the start, and each draw of randomness')
    .action(act(async (output, options: EventsOptions, named: string) => list(output, options, named)));
}

async function list(output: Output, options: EventsOptions, named: string): Promise<ExitCode> {
  const { path, pkg } = await loadPackage(named);
  const wanted = pkg.timeline.filter((event) => options.kind === undefined || event.kind === options.kind);
  output.document({ package: pkg.manifest.id, path, afterSeq: pkg.failure?.afterSeq ?? null, events: wanted });
  const boot = options.all || options.kind !== undefined ? [] : wanted.filter((event) => event.scope?.in === 'boot');
  // A few lines of start-up are no burden; hundreds of migrations are.
  const folded = boot.length > 8 ? boot.length : 0;
  const shown = folded > 0 ? wanted.filter((event) => event.scope?.in !== 'boot') : wanted;
  const folds = options.all ? shown.map((event) => ({ first: event, last: event, count: 1 })) : foldRandom(shown);
  output.print(timeline(folds, pkg, output));
  if (folded > 0) output.say(output.err.dim(`(${folded} events of the application's start are not shown: --all)`));
  const failed = mostTelling(shown);
  if (failed) output.next(`event ${shellWord(shownPath(path))} ${failed.seq}`, 'all of one event');
  return EXIT.ok;
}

/** The last exchange of the failing request that went badly; without one, its last. */
function mostTelling(shown: readonly IoEvent[]): IoEvent | undefined {
  const own = shown.filter((event) => isOwn(event));
  return own.findLast((event) => ['error', 'bad'].includes(endingOf(event))) ?? own.at(-1) ?? shown.at(-1);
}

function isOwn({ scope }: IoEvent): boolean {
  return scope === undefined || (scope.in === 'request' && scope.request === 0);
}

function timeline(folds: readonly Fold[], pkg: ErrorPackage, { out, width }: Output): string {
  if (folds.length === 0) return out.dim('(no events)');
  const columns = [{ title: '#', align: 'right' as const }, { title: 'SCOPE' }, { title: 'KIND' }, { title: 'AT', align: 'right' as const }, { title: 'TOOK', align: 'right' as const }, { title: 'WHAT' }, { title: 'OUTCOME' }];
  const room = Math.max(30, width - FIXED);
  const lines = table(columns, folds.map((fold) => row(fold, pkg, out, room)), out.dim).split('\n');
  if (!pkg.failure) return lines.join('\n');
  const { afterSeq } = pkg.failure;
  const before = folds.filter(({ first }) => first.seq <= afterSeq).length;
  return lines.toSpliced(before + 1, 0, out.red(`─── ✘ ${cut(oneLine(pkg.manifest.summary ?? 'the failure'), 100)} ───`)).join('\n');
}

function row({ first: event, last, count }: Fold, pkg: ErrorPackage, paint: Paint, room: number): string[] {
  const ending = endingOf(event);
  const tone = ending === 'ok' ? paint.green : ending === 'error' ? paint.red : paint.yellow;
  const where = whereText(event, pkg);
  const what = `${where === '' ? '' : `${where}: `}${whatText(event)}${count > 1 ? ` × ${count}` : ''}`;
  const scope = scopeText(event.scope);
  const outcome = Number.isFinite(room) ? cut(outcomeText(event), Math.floor(room * 0.4)) : outcomeText(event);
  return [
    paint.bold(count > 1 ? `${event.seq}–${last.seq}` : String(event.seq)),
    isOwn(event) ? scope : paint.dim(scope),
    event.kind === 'http' && event.service !== undefined ? event.service : event.kind,
    event.at === undefined ? '–' : `${Math.round(event.at - requestAt(pkg))} ms`,
    duration(event.ms),
    cut(what, Number.isFinite(room) ? Math.floor(room * 0.6) : 160),
    `${tone(MARKS[ending])} ${ending === 'ok' ? outcome : tone(outcome)}${count > 1 ? ' …' : ''}`,
  ];
}
