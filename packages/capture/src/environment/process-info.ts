import type { ProcessInfo } from '@deja/format';
import { redactArguments, redactEnv } from '../redact/process-data.js';
import type { Redactor } from '../redact/redactor.js';
import { entryOf, rootOf } from './application-root.js';
import { isOwnVariable, joinNodeOptions, splitNodeOptions, withoutOwnOptions } from './own-variables.js';

/** What the process was started with, taken before the application can change it. */
export interface StartedProcess {
  readonly cwd: string;
  readonly argv: readonly string[];
  readonly execArgv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly entry: string | undefined;
  readonly root: string;
  readonly uid: number | undefined;
}

/** Call it in the preload: the application may change directory, title, arguments and environment later (dotenv does). */
export function startedProcess(): StartedProcess {
  const cwd = process.cwd();
  const entry = entryOf(process.argv[1], cwd);
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) env[name] = value;
  return { cwd, argv: process.argv.slice(1), execArgv: [...process.execArgv], env, entry, root: rootOf(entry, cwd), uid: process.getuid?.() };
}

/** Enough to start the process again, without secrets and without Deja. */
export function processInfo(started: StartedProcess, redactor: Redactor): ProcessInfo {
  const options = new Intl.DateTimeFormat().resolvedOptions();
  return {
    node: process.versions.node,
    execPath: process.execPath,
    execArgv: redactArguments(withoutOwnOptions(started.execArgv), redactor),
    argv: redactArguments(started.argv, redactor),
    cwd: started.cwd,
    ...(started.entry === undefined ? {} : { entry: started.entry }),
    root: started.root,
    env: redactEnv(environmentOf(started.env), redactor),
    platform: process.platform,
    arch: process.arch,
    ...(started.uid === undefined ? {} : { uid: started.uid }),
    timeZone: options.timeZone,
    locale: options.locale,
    title: redactor.text(process.title),
    pid: process.pid,
  };
}

function environmentOf(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (isOwnVariable(name)) continue;
    if (name !== 'NODE_OPTIONS') {
      kept[name] = value;
      continue;
    }
    const options = withoutOwnOptions(splitNodeOptions(value));
    if (options.length > 0) kept[name] = joinNodeOptions(options);
  }
  return kept;
}
