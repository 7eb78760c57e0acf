import type { ErrorInfo, Frame, FrameScope } from '@deja/format';
import type { Paint } from '../shared/paint.js';
import { previewText } from './preview.js';
import { cut, indent, oneLine, visible } from './text.js';
import { plural } from './units.js';

export interface ChainOptions {
  readonly paint: Paint;
  readonly width: number;
  /** Foreign frames and all variables as well. */
  readonly full: boolean;
}

/** What frameworks hand to every handler: large, seldom to blame, and shown elsewhere. */
const PLUMBING: ReadonlySet<string> = new Set(['req', 'res', 'request', 'response', 'reply', 'ctx', 'next', 'done']);
const MAX_VARIABLES = 12;
/** Where no terminal sets it: beyond this nobody reads. */
const MAX_WIDTH = 160;
/** How deep values are shown. What a module holds is mostly what it imported. */
const DEPTH = { local: 3, block: 3, catch: 2, closure: 2, module: 1 } as const;

/** The error, its in-app frames with what their variables held, and the causes under it. */
export function errorChain(error: ErrorInfo, options: ChainOptions): string {
  const { paint } = options;
  const code = error.code === undefined ? '' : ` ${paint.dim(`[${oneLine(error.code)}]`)}`;
  const fields = Object.entries(error.fields ?? {}).map(([name, value]) => paint.dim(`  .${oneLine(name)} = ${cut(previewText(value), 120)}`));
  const lines = [`${paint.red(paint.bold(error.nonError ? 'thrown' : oneLine(error.name)))}: ${visible(error.message)}${code}`, ...fields, ...frames(error.frames, options)];
  const members = (error.errors ?? []).map((member, index) => `${paint.dim(`member ${index + 1}:`)}\n${indent(errorChain(member, options), '  ')}`);
  const cause = error.cause ? [`${paint.dim('caused by')} ${errorChain(error.cause, options)}`] : [];
  return [...lines, ...members, ...cause].join('\n');
}

function frames(all: readonly Frame[], options: ChainOptions): string[] {
  const lines: string[] = [];
  let foreign = 0;
  const flush = () => {
    if (foreign > 0) lines.push(options.paint.dim(`    … ${plural(foreign, 'frame')} of libraries`));
    foreign = 0;
  };
  for (const frame of all) {
    if (!frame.inApp && !options.full) {
      foreign++;
      continue;
    }
    flush();
    lines.push(frameLine(frame, options.paint), ...(frame.scopes ?? []).flatMap((scope) => variables(scope, options)));
  }
  flush();
  return lines;
}

function frameLine(frame: Frame, paint: Paint): string {
  const place = `${oneLine(frame.file)}:${frame.line}:${frame.column}`;
  const line = `  at ${oneLine(frame.function ?? '<anonymous>')} (${place})`;
  return frame.inApp ? `  at ${paint.bold(oneLine(frame.function ?? '<anonymous>'))} (${paint.cyan(place)})` : paint.dim(line);
}

function variables(scope: FrameScope, { paint, width, full }: ChainOptions): string[] {
  const entries = Object.entries(scope.variables).toSorted(([a], [b]) => Number(PLUMBING.has(a)) - Number(PLUMBING.has(b)));
  const shown = full ? entries : entries.slice(0, MAX_VARIABLES);
  const label = scope.type === 'local' || scope.type === 'block' ? '' : ` ${paint.dim(`(${scope.type})`)}`;
  const room = full ? Number.POSITIVE_INFINITY : Math.min(width, MAX_WIDTH) - 6;
  const lines = shown.map(([name, value]) => `      ${cut(`${oneLine(name)} = ${previewText(value, full ? 5 : DEPTH[scope.type])}`, room)}${label}`);
  return entries.length > shown.length ? [...lines, paint.dim(`      … ${entries.length - shown.length} more (--full)`)] : lines;
}
