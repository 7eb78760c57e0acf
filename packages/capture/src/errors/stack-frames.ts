import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Frame } from '@deja/format';
import { pathOf } from '../locals/url-path.js';

const MAX_FRAMES = 50;
/** Deja's own code is nobody's business: whether a hook is on the way depends on how bytes happened to arrive. */
const OWN_FOLDER = fileURLToPath(new URL('..', import.meta.url));

const WITH_FUNCTION = /^\s*at (?:async )?(.*?) \((.*)\)$/;
const WITHOUT_FUNCTION = /^\s*at (?:async )?(.*)$/;
const POSITION = /^(.+?):(\d+):(\d+)$/;
/** `eval at name (where), <anonymous>:1:7`; evals may nest, the innermost parenthesis is the file. */
const EVAL = /^eval at .*?\(([^()]+(?:\([^()]*\)[^()]*)*)\)/;

/**
 * The frames of a stack in V8's text form. Lines that name no file (built-in functions, `Promise.all`) and Deja's own are left out.
 * `root`: folder of the application; without it no frame is the application's.
 */
export function framesOf(stack: string, root: string | undefined): readonly Frame[] {
  const frames: Frame[] = [];
  for (const line of stack.split('\n')) {
    const frame = frameOf(line, root);
    if (frame !== null) frames.push(frame);
    if (frames.length === MAX_FRAMES) break;
  }
  return frames;
}

function frameOf(line: string, root: string | undefined): Frame | null {
  if (!/^\s*at /.test(line)) return null;
  const named = line.endsWith(')') ? WITH_FUNCTION.exec(line) : null;
  const where = positionOf(named?.[2] ?? WITHOUT_FUNCTION.exec(line)?.[1] ?? '');
  if (where === null || isOwn(where.file, root)) return null;
  return { ...(named?.[1] ? { function: named[1] } : {}), ...placed(where.file, root), line: where.line, column: where.column };
}

/** An application inside Deja's own folder is a test of it. */
function isOwn(file: string, root: string | undefined): boolean {
  return isInside(file, OWN_FOLDER) && (root === undefined || !isInside(root, OWN_FOLDER));
}

function positionOf(text: string): { readonly file: string; readonly line: number; readonly column: number } | null {
  if (text.startsWith('eval at ')) {
    let inner: string | undefined = text;
    while (inner?.startsWith('eval at ')) inner = innerOfEval(inner);
    return inner === undefined ? null : positionOf(inner);
  }
  const match = POSITION.exec(text);
  const file = match?.[1];
  if (file === undefined || file === '<anonymous>' || file === 'native') return null;
  return { file: pathOf(file), line: Number(match?.[2]), column: Number(match?.[3]) };
}

/** What is between the parentheses that follow `eval at name`. */
function innerOfEval(text: string): string | undefined {
  return EVAL.exec(text)?.[1] ?? /\((.*)\)/.exec(text)?.[1];
}

/** A file as frames name it, and whether it is the application's own code. */
export function placed(file: string, root: string | undefined): Pick<Frame, 'file' | 'inApp'> {
  if (root === undefined || !isInside(file, root)) return { file, inApp: false };
  const inRoot = relative(root, file);
  return { file: inRoot, inApp: !inRoot.split(sep).includes('node_modules') };
}

function isInside(file: string, folder: string): boolean {
  return file.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
