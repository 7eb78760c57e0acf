import { readdirSync, readFileSync } from 'node:fs';

/** A process all of whose threads sleep. */
export interface SleepingProcess {
  readonly pid: number;
  readonly children: readonly number[];
  /** Differs when one of its threads was awake in between. */
  readonly turns: string;
}

const SLEEPING = new Set(['S', 'T', 't']);
/** Ended, and not yet taken note of by its parent. */
const ENDED = new Set(['Z', 'X']);

/**
 * A process and all its descendants, parents first, where all of them sleep; null as soon as one is seen that runs, or waits for a disk.
 * Empty when it is gone. Throws where the system does not tell (only Linux does).
 */
export function sleepingTree(root: number): readonly SleepingProcess[] | null {
  const found: SleepingProcess[] = [];
  const next = [root];
  for (let pid = next.shift(); pid !== undefined; pid = next.shift()) {
    const state = unlessGone(() => stateOf(pid));
    if (state === 'gone' || state === 'ended') continue;
    if (state === 'awake') return null;
    found.push(state);
    next.push(...state.children);
  }
  return found;
}

function stateOf(pid: number): SleepingProcess | 'awake' | 'ended' {
  const children: number[] = [];
  const turns: string[] = [];
  let lives = false;
  // The main thread comes first, and is the one that is mostly awake when any is.
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const state = unlessGone(() => threadState(pid, thread));
    if (state === 'gone') continue;
    if (ENDED.has(state.letter)) continue;
    if (!SLEEPING.has(state.letter)) return 'awake';
    lives = true;
    children.push(...state.children);
    turns.push(`${thread}:${state.turns}`);
  }
  return lives ? { pid, children, turns: turns.join(' ') } : 'ended';
}

function threadState(pid: number, thread: string): { readonly letter: string; readonly turns: string; readonly children: readonly number[] } {
  const folder = `/proc/${pid}/task/${thread}`;
  const status = readFileSync(`${folder}/status`, 'latin1');
  return {
    letter: /^State:\s*(\w)/m.exec(status)?.[1] ?? '',
    turns: [...status.matchAll(/ctxt_switches:\s*(\d+)/g)].map(([, count]) => count).join('+'),
    children: readFileSync(`${folder}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
  };
}

/** Processes and threads may end while they are looked at. */
function unlessGone<T>(look: () => T): T | 'gone' {
  try {
    return look();
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return 'gone';
    throw error;
  }
}
