import type { Frame } from '@deja/format';
import type { FrameScopes } from '../locals/locals-of.js';
import { pathOf } from '../locals/url-path.js';
import { placed } from './stack-frames.js';

/**
 * Puts the variables of paused frames on the frames of the stack. The stack is of where the error was made, the pause of where it was thrown:
 * lines may differ, so a frame is found by file and function, the nearest line first.
 */
export function withLocals(frames: readonly Frame[], locals: readonly FrameScopes[] | undefined, root: string | undefined): readonly Frame[] {
  if (locals === undefined || locals.length === 0) return frames;
  const scoped = new Map<number, FrameScopes>();
  for (const paused of locals) {
    const { file } = placed(pathOf(paused.url), root);
    const fits = frames
      .map((frame, index) => ({ frame, index }))
      .filter(({ frame, index }) => !scoped.has(index) && frame.file === file && sameFunction(frame.function, paused.function))
      .toSorted((a, b) => Math.abs(a.frame.line - paused.line) - Math.abs(b.frame.line - paused.line) || a.index - b.index);
    if (fits[0]) scoped.set(fits[0].index, paused);
  }
  return frames.map((frame, index) => {
    const paused = scoped.get(index);
    return paused === undefined ? frame : { ...frame, scopes: paused.scopes };
  });
}

/** `async OrderService.total [as sum]` on the stack is `total` to the inspector. */
function sameFunction(onStack: string | undefined, paused: string): boolean {
  const plain = (onStack ?? '').replace(/ \[as .*\]$/, '').replace(/^(?:async |new )+/, '');
  if (plain === '' || plain === '<anonymous>' || paused === '') return plain.endsWith('<anonymous>') || plain === '' || paused === '';
  return plain === paused || plain.endsWith(`.${paused}`);
}
