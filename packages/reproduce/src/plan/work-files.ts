import { existsSync, statSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { Mount } from '@deja/sandbox';
import type { AppPlan } from './plan.js';

/** What an application works with beside its code. */
export interface WorkFiles {
  /** Its working folder, when that is not part of the code. */
  readonly writable: readonly Mount[];
  /** Files and folders that its arguments name and that are found neither there nor with the code. */
  readonly extra: readonly Mount[];
}

/** Every system has these, and a sandbox its own. */
const NOT_WORK: ReadonlySet<string> = new Set(['/', '/bin', '/dev', '/etc', '/home', '/lib', '/lib64', '/opt', '/proc', '/root', '/run', '/sbin', '/srv', '/sys', '/tmp', '/usr', '/var']);

/**
 * An installed program is often started in a folder of its own, with its configuration and data in it, or is given a path to them.
 * @param codeFolder where the code is found here; it stands in for the recorded folder, and may lack what lay beside the recorded code
 */
export function workFiles(app: Pick<AppPlan, 'arguments' | 'cwd' | 'folder'>, codeFolder: string): WorkFiles {
  const writable = isInside(app.cwd, app.folder) || !isFolder(app.cwd) || NOT_WORK.has(app.cwd) ? [] : [app.cwd];
  const shown = (path: string): boolean =>
    writable.some((folder) => isInside(path, folder)) || (isInside(path, app.folder) && existsSync(resolve(codeFolder, relative(app.folder, path))));
  const named = app.arguments.flatMap((argument) => pathsIn(argument).map((path) => resolve(app.cwd, path)));
  const extra = new Set(named.filter((path) => !NOT_WORK.has(path) && !isInside(app.folder, path) && !shown(path) && existsSync(path)));
  return { writable: writable.map(same), extra: [...extra].map(same) };
}

/** An argument may be a path, or an option with one: `--config=./config.yaml`. */
function pathsIn(argument: string): readonly string[] {
  const value = argument.startsWith('-') ? argument.slice(argument.indexOf('=') + 1) : argument;
  return value === argument && argument.startsWith('-') ? [] : [value].filter((path) => path !== '' && (isAbsolute(path) || !path.includes('://')));
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

function same(path: string): Mount {
  return { from: path, at: path };
}
