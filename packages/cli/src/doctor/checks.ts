import { join } from 'node:path';
import { capturePreload } from '../shared/capture-preload.js';
import { limited, missing, ok, type Check, type Finding } from './check.js';
import { aptInstall, runs } from './programs.js';
import { cache, machine, sandbox } from './sandboxes.js';

const OLDEST_TOOLS = 24;
const OLDEST_APPLICATION = 20;

/** The Node with which applications are started: the first on the user's own PATH. */
function applicationNode(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, PATH: env.DEJA_USER_PATH ?? env.PATH };
}

const TAKES = 'the first time a kernel is got, images are made, and KVM has a minute to bring a guest up';

/** In the order in which they matter. */
export function checks(env: NodeJS.ProcessEnv): readonly Check[] {
  return [
    { name: 'Node for Deja', run: toolsNode },
    { name: 'Node for applications', run: () => usersNode(env) },
    { name: 'Capture', run: () => captureLoads(env) },
    { name: 'Cache', run: () => cache() },
    { name: 'Sandbox: firecracker', takes: TAKES, run: () => machine('firecracker') },
    { name: 'Sandbox: qemu', takes: TAKES, run: () => machine('qemu') },
    { name: 'Sandbox: namespace', run: () => sandbox('namespace') },
    { name: 'Sandbox: process', run: () => sandbox('process') },
    { name: 'bubblewrap', run: () => systemProgram('bwrap', ['--version'], 'unshare is used instead, where it works', 'bubblewrap') },
    { name: 'ip', run: () => systemProgram('ip', ['-V'], 'recorded IP addresses cannot be given to a sandbox', 'iproute2') },
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

async function program(name: string, args: readonly string[], without: string, debian: string, env = process.env): Promise<Finding> {
  const done = await runs(name, args, env);
  return 'why' in done ? limited(`${done.why}: ${without}`, aptInstall(debian)) : ok(done.printed.split('\n', 1)[0] ?? '');
}

/** As the sandboxes find it, which do not go by the user's PATH. */
async function systemProgram(...[name, args, without, debian]: Parameters<typeof program>): Promise<Finding> {
  const { SYSTEM_PATH } = await import('@deja/sandbox');
  return await program(name, args, without, debian, { PATH: SYSTEM_PATH });
}

async function postgres(): Promise<Finding> {
  const { postgresLauncher, locatePostgres } = await import('@deja/fixtures');
  try {
    postgresLauncher();
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
    return limited(`${message}; failures that touched MySQL or MariaDB cannot be reproduced`, hint ?? aptInstall('mariadb-server'));
  }
}

function withoutPreloads(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, NODE_OPTIONS: undefined };
}

function major(version: string): number {
  return Number(/^v(\d+)/.exec(version)?.[1] ?? 0);
}
