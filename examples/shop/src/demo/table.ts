import { stripVTControlCharacters, styleText } from 'node:util';
import type { RecordedFailure } from './record.js';
import type { Reproduced } from './reproduce.js';

export interface Result {
  readonly recorded: RecordedFailure;
  /** Null: it could not be run. */
  readonly reproduced: Reproduced | null;
}

/** Reproduced in every one of so many runs, and not any more without its cause. */
export function isConfirmed({ reproduced }: Result, runs: number): boolean {
  return reproduced?.runs.length === runs && reproduced.runs.every(({ verdict }) => verdict === 'reproduced') && reproduced.control?.verdict === 'not-reproduced';
}

export function resultTable(results: readonly Result[]): string {
  const rows = results.map(({ recorded, reproduced }) => {
    const times = (reproduced?.runs ?? []).flatMap(({ ms }) => (ms ? [ms.total] : [])).toSorted((a, b) => a - b);
    return [recorded.failure.title, verdicts(reproduced), control(reproduced), milliseconds(times[Math.floor((times.length - 1) / 2)]), milliseconds(times.at(-1))];
  });
  const head = ['FAILURE', 'VERDICTS', 'CONTROL', 'MEDIAN', 'MAX'].map((text) => styleText('dim', text));
  return aligned([head, ...rows]);
}

/** `10 × reproduced`, or each kind with its number. */
function verdicts(reproduced: Reproduced | null): string {
  if (!reproduced) return styleText('red', 'could not be run');
  const counts = new Map<string, number>();
  for (const { verdict } of reproduced.runs) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  return [...counts].map(([verdict, count]) => styleText(verdict === 'reproduced' ? 'green' : 'red', `${count} × ${verdict}`)).join(', ');
}

function control(reproduced: Reproduced | null): string {
  if (!reproduced?.control) return styleText('red', 'none');
  const { verdict } = reproduced.control;
  return styleText(verdict === 'not-reproduced' ? 'green' : 'red', verdict);
}

function milliseconds(ms: number | undefined): string {
  return ms === undefined ? '–' : `${Math.round(ms)} ms`;
}

/** As it is seen: without colours. */
function width(text: string): number {
  return stripVTControlCharacters(text).length;
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ''))));
  return rows.map((row) => row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell))).join('  ').trimEnd()).join('\n');
}
