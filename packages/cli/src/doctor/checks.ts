import { join } from 'node:path';
import { DejaError } from '@deja/format';
import type { SandboxName } from '@deja/sandbox';
import { duration } from '../render/units.js';
import { capturePreload } from '../shared/capture-preload.js';
import { limited, missing, ok, type Check, type Finding } from './check.js';
import { aptInstall, runs } from './programs.js';

const OLDEST_TOOLS = 24;
const OLDEST_APPLICATION = 20;

/** The Node with which applications are started: the first on the user's own PATH. */
function applicationNode(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, PATH: env.DEJA_USER_PATH ?? env.PATH };
}

/** In the order in which they matter. */
export function checks(env: NodeJS.ProcessEnv): readonly Check[] {
  return [
    { name: 'Node for Deja', run: toolsNode },
    { name: 'Node for applications', run: () => usersNode(env) },
    { name: 'Capture', run: () => captureLoads(env) },
    { name: 'Cache', run: cache },
    { name: 'Sandbox: firecracker', run: () => machine('firecracker') },
    { name: 'Sandbox: qemu', run: () => machine('qemu') },
    { name: 'Sandbox: namespace', run: () => sandbox('namespace') },
    { name: 'Sandbox: process', run: () => sandbox('process') },
    { name: 'bubblewrap', run: () => program('bwrap', ['--version'], 'unshare is used instead, where it works', 'bubblewrap') },
    { name: 'ip', run: () => program('ip', ['-V'], 'recorded IP addresses cannot be given to a sandbox', 'iproute2') },
    { name: 'Postgres', run: postgres },
    { name: 'MariaDB', run: mysql },
    { name: 'redis-server', run: () => program('redis-server', ['--version'], 'only the demo and the tests need it; replays use a stub', 'redis-server') },
  ];
}

function toolsNode(): Finding {
  const { version } = process;
  return major(version) >= OLDEST_TOOLS ? ok(version) : missing(`${version} is too old`, `Install Node ${OLDEST_TOOLS} or newer.`);
}

/** As `deja run` finds it. */
async function usersNode(env: NodeJS.ProcessEnv): Promise<Finding> {
  const done = await runs('node', ['-p', 'process.version + " " + process.execPath'], withoutPreloads(applicationNode(env)));
  if ('why' in done) return limited(`no node on PATH: ${done.why}`, 'Put the Node of your applications on PATH.');
  return major(done.printed) >= OLDEST_APPLICATION ? ok(done.printed) : missing(`${done.printed} is too old to be captured`, `Applications need Node ${OLDEST_APPLICATION} or newer.`);
}

/** Preloads capture into a process that does nothing, with the user's Node: what `deja run` will do. */
async function captureLoads(env: NodeJS.ProcessEnv): Promise<Finding> {
  const preload = capturePreload();
  const users = applicationNode(env);
  const node = 'why' in (await runs('node', ['--version'], users)) ? process.execPath : 'node';
  const done = await runs(node, ['--import', preload, '-e', '"done"'], withoutPreloads(users));
  if ('why' in done) return missing(`cannot be preloaded: ${done.why}`, 'Reinstall Deja; in a checkout: npm run build.');
  return done.printed === '' ? ok('preloads into your Node') : missing(`preloads with a complaint: ${done.printed.split('\n').at(-1) ?? ''}`, 'Reinstall Deja; in a checkout: npm run build.');
}

async function cache(): Promise<Finding> {
  const { usableCacheFolder } = await import('@deja/sandbox');
  try {
    return ok(usableCacheFolder());
  } catch (error) {
    if (!(error instanceof DejaError)) throw error;
    return missing(error.message, error.hint ?? 'Name another folder: DEJA_CACHE=DIR');
  }
}

/** Without a cache there is nothing to make a machine of. */
async function machine(name: 'firecracker' | 'qemu'): Promise<Finding> {
  const { status } = await cache();
  return status === 'ok' ? await sandbox(name) : limited('not tried: the cache cannot be used; other sandboxes can be', 'Name a folder that you may write to: DEJA_CACHE=DIR');
}

async function sandbox(name: SandboxName): Promise<Finding> {
  const { measureSandbox, probeSandbox } = await import('@deja/sandbox');
  const probe = await probeSandbox(name);
  if (probe.works) {
    try {
      const measured = await measureSandbox(name);
      return ok(measured === null ? probe.how : `${probe.how}; the agent after ${duration(measured.bootMs)}, from a template after ${duration(measured.resumeMs)}`);
    } catch (error) {
      const { message, hint } = error as Error & { readonly hint?: string };
      return limited(`${probe.how}; but ${message}`, hint ?? 'Use --sandbox namespace.');
    }
  }
  const why = probe.reason;
  switch (name) {
    case 'firecracker':
    case 'qemu':
      return limited(`${why}; other sandboxes can be used`, probe.cure ?? 'Use --sandbox namespace.');
    case 'namespace':
      return limited(`${why}; the process sandbox does not keep real services out of reach`, probe.cure ?? 'Run deja where user namespaces are allowed.');
    case 'process':
      return missing(why, probe.cure ?? 'Reinstall Deja; in a checkout: npm run build.');
  }
}

async function program(name: string, args: readonly string[], without: string, debian: string): Promise<Finding> {
  const done = await runs(name, args);
  return 'why' in done ? limited(`${done.why}: ${without}`, aptInstall(debian)) : ok(done.printed.split('\n', 1)[0] ?? '');
}

async function postgres(): Promise<Finding> {
  const { locatePostgres } = await import('@deja/fixtures');
  try {
    const { version, folder, source } = locatePostgres();
    const done = await runs(join(folder, 'postgres'), ['--version']);
    return 'why' in done ? limited(`${folder} does not run: ${done.why}`, aptInstall('postgresql')) : ok(`${version} (${source === 'npm' ? 'from npm' : folder})`);
  } catch (error) {
    const { message, hint } = error as Error & { readonly hint?: string };
    return limited(`${message}; failures that touched Postgres cannot be reproduced`, hint ?? aptInstall('postgresql'));
  }
}

async function mysql(): Promise<Finding> {
  const { locateMysql } = await import('@deja/fixtures');
  try {
    const { version, server } = locateMysql();
    return ok(`${version} (${server})`);
  } catch (error) {
    const { message, hint } = error as Error & { readonly hint?: string };
    return limited(`${message}; fixtures of MySQL and MariaDB cannot be compiled`, hint ?? aptInstall('mariadb-server'));
  }
}

function withoutPreloads(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, NODE_OPTIONS: undefined };
}

function major(version: string): number {
  return Number(/^v(\d+)/.exec(version)?.[1] ?? 0);
}
