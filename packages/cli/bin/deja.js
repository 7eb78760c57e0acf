#!/usr/bin/env node
// Runs on any Node since 18: hands over to a newer one where the installed Node is too old for the tools.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR = 24;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/** Marks the child of a hand-over. */
const HANDED_OVER = 'DEJA_HANDED_OVER';

/** `node_modules/node-<platform>-<arch>` of this folder or of one above it. */
function findNode(folder) {
  const node = join(folder, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(node)) return node;
  return dirname(folder) === folder ? undefined : findNode(dirname(folder));
}

function handOver(node) {
  // The channel closes with this process, however it ends: the child must not outlive it.
  const child = spawn(node, process.argv.slice(1), { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env: { ...process.env, [HANDED_OVER]: '1' } });
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      // At a terminal the child has got it as well: twice would mean "at once" to many programs.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

/** The bundle starts faster. In a workspace that was compiled since (`tsc -b` writes these files), it is not what one wants to run. */
function newest(root) {
  const bundle = join(root, 'dist', 'bundle', 'main.js');
  const modules = join(root, 'dist', 'main.js');
  if (!existsSync(bundle)) return modules;
  const built = statSync(bundle).mtimeMs;
  const packages = dirname(root);
  const isOlder = readdirSync(packages).some((name) => (statSync(join(packages, name, 'tsconfig.tsbuildinfo'), { throwIfNoEntry: false })?.mtimeMs ?? 0) > built);
  return isOlder ? modules : bundle;
}

/** In the child: ends as on SIGTERM when the process that handed over is gone. */
function endWithParent() {
  // Not for what the command starts: it is neither handed over nor does the channel belong to it.
  delete process.env[HANDED_OVER];
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel?.unref();
}

const main = newest(join(dirname(realpathSync(fileURLToPath(import.meta.url))), '..'));
if (!existsSync(main)) {
  console.error('deja is not built yet: `npm run demo` or `npm test` in its folder does that, and all other set-up.');
  process.exit(5);
}
if (process.env[HANDED_OVER] !== undefined) endWithParent();
if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR) {
  const { main: run } = await import(main);
  await run(process.argv);
} else {
  const node = findNode(dirname(realpathSync(fileURLToPath(import.meta.url)))) ?? findNode(process.cwd());
  if (node) handOver(node);
  else {
    console.error(`deja needs Node ${NODE_MAJOR} or newer for its tools; this is ${process.version}. (The application itself may run on Node 20 and newer.)`);
    console.error(`Get it beside the application: npm install --no-save node-${process.platform}-${process.arch}@${NODE_MAJOR}`);
    process.exitCode = 5;
  }
}
