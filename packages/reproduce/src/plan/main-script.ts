import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname } from 'node:path';
import { DejaError, type ErrorPackage } from '@deja/format';
import type { AppPlan } from './plan.js';

/**
 * Before anything is started: the script that the recorded command starts has to be there, unless the plan starts another by now. Where Node or a loader may
 * find a file by a part of its name, the run will show.
 * @param here Where a recorded path of the application is on this machine.
 * @throws DejaError DEJA_APP_MISSING
 */
export function checkMainScript({ context: { process } }: ErrorPackage, app: AppPlan, where: string, here: (recorded: string) => string): void {
  const [script] = process.argv;
  if (process.entry === undefined || script === undefined || !app.arguments.includes(script) || !script.startsWith(`${app.folder}/`)) return;
  if (mayBeThere(here(script)) || mayBeThere(here(process.entry))) return;
  throw new DejaError('DEJA_APP_MISSING', `${where} has no ${script.slice(app.folder.length + 1)}, the main script that the recorded command starts`, {
    hint: 'name the folder of its code, built as it was recorded: --app DIR',
  });
}

/** `server` may mean `server.js`, and what a compiler makes `server.js` of may be run as it is. */
function mayBeThere(path: string): boolean {
  if (existsSync(path)) return true;
  const folder = dirname(path);
  const stem = basename(path, extname(path));
  return (statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false) && readdirSync(folder).some((name) => name === stem || name.startsWith(`${stem}.`));
}
