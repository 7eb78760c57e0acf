import { readdirSync, readFileSync } from 'node:fs';

/** A process, and what its threads have been doing. */
export interface ProcessState {
  readonly pid: number;
  readonly children: readonly number[];
  /** No thread runs, or waits for a disk. */
  readonly asleep: boolean;
  /** Differs when a thread was awake in between. */
  readonly turns: string;
}

const SLEEPING = new Set(['S', 'T', 't']);
/** Ended, and not yet taken note of by its parent. */
const ENDED = new Set(['Z', 'X']);

/** A process and all its descendants, parents first. Empty when it is gone. Throws where the system does not tell (only Linux does). */
export function processTree(root: number): readonly ProcessState[] {
  const found: ProcessState[] = [];
  const next = [root];
  for (let pid = next.shift(); pid !== undefined; pid = next.shift()) {
    const state = stateOf(pid);
    if (!state) continue;
    found.push(state);
    next.push(...state.children);
  }
  return found;
}

function stateOf(pid: number): ProcessState | null {
  try {
    const threads = readdirSync(`/proc/${pid}/task`).map((thread) => threadState(pid, thread));
    if (threads.every(({ state }) => ENDED.has(state))) return null;
    return {
      pid,
      children: threads.flatMap(({ children }) => children),
      asleep: threads.every(({ state }) => SLEEPING.has(state) || ENDED.has(state)),
      turns: threads.map(({ turns }) => turns).join(' '),
    };
  } catch (error) {
    // Processes and threads may end while they are looked at.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

function threadState(pid: number, thread: string): { readonly children: readonly number[]; readonly state: string; readonly turns: string } {
  const folder = `/proc/${pid}/task/${thread}`;
  const status = readFileSync(`${folder}/status`, 'latin1');
  return {
    children: readFileSync(`${folder}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
    state: /^State:\s*(\w)/m.exec(status)?.[1] ?? '',
    turns: `${thread}:${[...status.matchAll(/ctxt_switches:\s*(\d+)/g)].map(([, count]) => count).join('+')}`,
  };
}
