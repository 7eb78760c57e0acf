import { widthOf } from './text.js';

export interface Column {
  readonly title: string;
  readonly align?: 'right';
}

/** Rows under their titles, columns two spaces apart; the last column keeps its own length. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], paintTitle: (text: string) => string): string {
  const widths = columns.map((column, index) => Math.max(widthOf(column.title), ...rows.map((row) => widthOf(row[index] ?? ''))));
  const line = (cells: readonly string[]) =>
    columns
      .map((column, index) => pad(cells[index] ?? '', widths[index] ?? 0, column.align === 'right', index === columns.length - 1))
      .join('  ')
      .trimEnd();
  return [paintTitle(line(columns.map((column) => column.title))), ...rows.map((row) => line(row))].join('\n');
}

function pad(text: string, width: number, right: boolean, last: boolean): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)));
  if (right) return space + text;
  return last ? text : text + space;
}
