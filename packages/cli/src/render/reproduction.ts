import type { ErrorPackage } from '@deja/format';
import type { ControlResult, Divergence, PlanEdit, Reproduction, RunResult, RunTimes, Verdict } from '@deja/reproduce';
import type { Paint } from '../shared/paint.js';
import { indent, oneLine, visible } from './text.js';
import { duration, plural, size } from './units.js';

/** What is to be reproduced, in one line. */
export function headline({ manifest }: ErrorPackage, paint: Paint): string {
  return `${paint.bold(oneLine(manifest.summary ?? 'no failure'))}  ${paint.dim(oneLine(`${manifest.service} · ${manifest.time}`))}`;
}

/** One run, as it ends. */
export function runLine(run: RunResult, number: number, of: number, paint: Paint): string {
  const count = `${String(number).padStart(String(of).length)}/${of}`;
  return `${mark(run.verdict, paint)} ${count}  ${inColor(run.verdict, paint)}${' '.repeat(Math.max(0, 14 - run.verdict.length))}  ${run.ms === null ? '' : `${duration(run.ms.total).padStart(7)}  ${paint.dim(phases(run.ms))}${notes(run, paint)}`}`;
}

export function controlLine(control: ControlResult, paint: Paint): string {
  const held = control.verdict === 'not-reproduced';
  const instead = control.instead === null || control.verdict === 'reproduced' ? '' : paint.dim(` – instead: ${oneLine(control.instead)}`);
  const others = control.inVain.length === 0 ? '' : paint.dim(` – nor without ${control.inVain.map(oneLine).join('; nor without ')}`);
  if (control.verdict === 'reproduced') return `${paint.yellow('!')} control  ${paint.yellow('still fails')} without ${oneLine(control.removed)}${others}: what was taken away is not its cause`;
  return `${held ? paint.green('✔') : paint.yellow('!')} control  ${held ? paint.green(control.verdict) : paint.yellow(control.verdict)} without ${oneLine(control.removed)}${instead}`;
}

/** What was changed in a plan, where, and why. */
export function editText({ file, at, change, why }: PlanEdit): string {
  return oneLine(`${file}: ${at}: ${change}${why === undefined ? '' : ` (${why})`}`);
}

/** The verdict over all runs, with the first divergence side by side and what the application said when it could not be started. */
export function conclusion({ runs, verdict, edits }: Reproduction, paint: Paint): string {
  const agreeing = runs.filter((run) => run.verdict === verdict).length;
  const totals = runs.flatMap((run) => (run.ms === null ? [] : [run.ms.total])).toSorted((a, b) => a - b);
  const median = totals[Math.floor(totals.length / 2)];
  const lines = [`${mark(verdict, paint)} ${paint.bold(inColor(verdict, paint))}${runs.length > 1 && verdict !== 'flaky' ? ` ${agreeing} of ${runs.length}` : ''}${edits.length === 0 ? '' : paint.yellow(` with ${plural(edits.length, 'edit')}`)}${median === undefined ? '' : paint.dim(`  median ${duration(median)}`)}`];
  const odd = runs.find((run) => run.verdict !== 'reproduced');
  if (odd?.divergence) lines.push(divergence(odd.divergence, paint));
  if (odd?.error?.hint !== undefined) lines.push(indent(paint.dim(visible(odd.error.hint)), '  '));
  if (odd?.error && odd.error.output.length > 0) lines.push(paint.dim('  the application said:'), ...odd.error.output.map((line) => `  ${paint.dim('│')} ${visible(line)}`));
  return lines.join('\n');
}

function divergence({ summary, recorded, replayed }: Divergence, paint: Paint): string {
  const side = (name: string, text: string): string => text.split('\n').map((line, index) => `  ${paint.dim(index === 0 ? name : ' '.repeat(name.length))} ${paint.dim('│')} ${visible(line)}`).join('\n');
  return [`  ${oneLine(summary)}`, ...(recorded === undefined ? [] : [side('recorded', recorded)]), ...(replayed === undefined ? [] : [side('replayed', replayed)])].join('\n');
}

function notes({ skippedMs, cutOutput }: RunResult, paint: Paint): string {
  const told = [
    ...(skippedMs === undefined ? [] : [`${duration(skippedMs)} of waiting passed over`]),
    ...(cutOutput === undefined ? [] : [`${size(cutOutput)} of output not kept`]),
  ];
  return paint.dim(told.map((note) => ` · ${note}`).join(''));
}

function phases({ start, apply, app, trigger }: RunTimes): string {
  return `sandbox ${duration(start)} · fixtures and stubs ${duration(apply)} · application ${duration(app)} · request ${duration(trigger)}`;
}

function mark(verdict: Verdict, paint: Paint): string {
  switch (verdict) {
    case 'reproduced':
      return paint.green('✔');
    case 'not-reproduced':
      return paint.cyan('○');
    case 'diverged':
      return paint.red('✘');
    case 'flaky':
    case 'inconclusive':
      return paint.yellow('?');
  }
}

function inColor(verdict: Verdict, paint: Paint): string {
  switch (verdict) {
    case 'reproduced':
      return paint.green(verdict);
    case 'not-reproduced':
      return paint.cyan(verdict);
    case 'diverged':
      return paint.red(verdict);
    case 'flaky':
    case 'inconclusive':
      return paint.yellow(verdict);
  }
}
