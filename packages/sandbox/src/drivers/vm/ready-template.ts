import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WarmUp } from '@deja/guest';
import { makeOnce } from '../../image/make-once.js';
import { placeEngine, placeMysql } from '../../layout/place.js';
import type { SandboxSpec } from '../../sandbox.js';
import { discardTemplate, findTemplate, templateAt, templateFolder } from './template.js';
import type { Vmm } from './vmm.js';

/** What a machine has ready before it knows a plan, and whom it tells what it prints. */
export interface Preparation {
  readonly warmUp: WarmUp;
  readonly onLog: SandboxSpec['onLog'];
}

/** A template with engines and the agent ready, and no plan yet: any run with these images may begin there. */
export interface ReadyTemplate {
  readonly folder: string;
  /** Milliseconds from nothing until the agent was there, when it was made. */
  readonly bootMs: number;
}

const TIMES = 'times.json';

/** Boots a machine for it unless there is one, whole. Throws DEJA_SANDBOX_FAILED, and what the agent says of an engine that does not start. */
export async function readyTemplate(vmm: Vmm, { warmUp, onLog }: Preparation): Promise<ReadyTemplate> {
  const folder = templateFolder(vmm.key, 'ready', warmUp);
  if (findTemplate(folder) !== undefined && bootMsOf(folder) === undefined) discardTemplate(folder);
  await makeOnce(folder, async (draft) => {
    await mkdir(draft, { mode: 0o700 });
    const machine = await vmm.boot(templateAt(draft), onLog);
    try {
      await machine.agent.warm(warmUp);
      await machine.save();
      await writeFile(join(draft, TIMES), JSON.stringify({ bootMs: machine.agent.startMs }));
    } finally {
      await machine.agent.stop();
    }
  });
  return { folder, bootMs: bootMsOf(folder) ?? 0 };
}

/** Undefined: the template has lost it. */
function bootMsOf(folder: string): number | undefined {
  try {
    return (JSON.parse(readFileSync(join(folder, TIMES), 'utf8')) as Pick<ReadyTemplate, 'bootMs'>).bootMs;
  } catch {
    return undefined;
  }
}

/** What plans for this specification will ask for. */
export function warmUpOf({ postgres, mysql }: SandboxSpec): WarmUp {
  return { ...(postgres && { postgres: placeEngine(postgres) }), ...(mysql && { mysql: placeMysql(mysql) }) };
}
