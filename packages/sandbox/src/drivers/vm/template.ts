import { createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { vmFolder } from '../../image/cache-folder.js';

/** A machine that was stopped at a point from which runs begin: its memory, and the state of everything else. */
export interface Template {
  /** Mapped by every run, never written to. */
  readonly memory: string;
  readonly state: string;
}

export function templateAt(folder: string): Template {
  return { memory: join(folder, 'memory'), state: join(folder, 'state') };
}

/** Where the template is kept, or will be, that all this identifies. */
export function templateFolder(...identity: readonly unknown[]): string {
  return join(vmFolder(), `template-${createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 16)}`);
}

/** Undefined: there is none. One that has lost a part goes, so that it can be made again. */
export function findTemplate(folder: string): Template | undefined {
  const template = templateAt(folder);
  // They come all at once.
  if (!existsSync(folder)) return undefined;
  if (existsSync(template.state) && existsSync(template.memory)) return template;
  discardTemplate(folder);
  return undefined;
}

export function discardTemplate(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
