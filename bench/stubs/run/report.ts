import type { Result } from './run.ts';

const COLUMNS = ['equal', 'refused', 'told', 'unequal', 'not recorded'] as const;

/** Markdown: a line for each client, with how many of its scenarios were equal, were refused as they had to be, told to differ, differed without a word, or could not be recorded. */
export function table(results: readonly Result[]): string {
  const clients = Map.groupBy(results, ({ set, name }) => (name.includes(': ') ? `${set}, ${name.slice(0, name.indexOf(': '))}` : set));
  return ['| client | scenarios | equal | refused | told to differ | differ | not recorded |', '| --- | --- | --- | --- | --- | --- | --- |', ...[...clients].map(([name, all]) => line(name, all)), line('all', results)].join('\n');
}

function line(name: string, all: readonly Result[]): string {
  return `| ${[name, all.length, ...COLUMNS.map((column) => all.filter(({ result }) => result === column).length)].join(' | ')} |`;
}
