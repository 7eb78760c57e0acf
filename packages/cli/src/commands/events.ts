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
import { table } from '../render/table.js';
import { cut, oneLine } from '../render/text.js';
import { duration } from '../render/units.js';

interface EventsOptions extends SharedOptions {
  readonly kind?: EventKind;
  readonly all?: boolean;
}

const KINDS: readonly EventKind[] = ['sql', 'http', 'redis', 'dns', 'socket', 'state', 'random'];
/** Widths beyond which what is asked and what came back are cut, at a terminal. */
const FIXED = 36;
const MARKS = { ok: '✔', bad: '!', error: '✘', pending: '…' } as const;

export function events(program: Command): void {
  addCommand(program, 'events PKG', 'the timeline: every exchange with the outside, in order')
    .addOption(new Option('--kind <kind>', 'only events of this kind').choices(KINDS))
    .option('--all', 'do not fold what happened while the application started')
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
  output.print(timeline(shown, pkg, output));
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

function timeline(shown: readonly IoEvent[], pkg: ErrorPackage, { out, width }: Output): string {
  if (shown.length === 0) return out.dim('(no events)');
  const columns = [{ title: '#', align: 'right' as const }, { title: 'SCOPE' }, { title: 'KIND' }, { title: 'AT', align: 'right' as const }, { title: 'TOOK', align: 'right' as const }, { title: 'WHAT' }, { title: 'OUTCOME' }];
  const room = Math.max(30, width - FIXED);
  const rows = shown.map((event) => row(event, pkg, out, room));
  const lines = table(columns, rows, out.dim).split('\n');
  const failedAfter = pkg.failure ? shown.filter((event) => event.seq <= (pkg.failure?.afterSeq ?? 0)).length : lines.length;
  if (pkg.failure) lines.splice(failedAfter + 1, 0, out.red(`${'─'.repeat(3)} ✘ ${cut(oneLine(pkg.manifest.summary ?? 'the failure'), 100)} ${'─'.repeat(3)}`));
  return lines.join('\n');
}

function row(event: IoEvent, pkg: ErrorPackage, paint: Paint, room: number): string[] {
  const ending = endingOf(event);
  const tone = ending === 'ok' ? paint.green : ending === 'error' ? paint.red : paint.yellow;
  const where = whereText(event, pkg);
  const what = `${where === '' ? '' : `${where}: `}${whatText(event)}`;
  const scope = scopeText(event.scope);
  const outcome = Number.isFinite(room) ? cut(outcomeText(event), Math.floor(room * 0.4)) : outcomeText(event);
  return [
    paint.bold(String(event.seq)),
    isOwn(event) ? scope : paint.dim(scope),
    event.kind === 'http' && event.service !== undefined ? event.service : event.kind,
    event.at === undefined ? '–' : `${Math.round(event.at - requestAt(pkg))} ms`,
    duration(event.ms),
    cut(what, Number.isFinite(room) ? Math.floor(room * 0.6) : 160),
    `${tone(MARKS[ending])} ${ending === 'ok' ? outcome : tone(outcome)}`,
  ];
}
