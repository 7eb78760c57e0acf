import { basename } from 'node:path';
import { isMainThread } from 'node:worker_threads';

/** Inherited through NODE_OPTIONS, the preload also runs in the tools that start the service. They serve nothing. */
const WRAPPERS: ReadonlySet<string> = new Set(['npm', 'npm-cli.js', 'npx', 'npx-cli.js', 'yarn', 'yarn.js', 'yarnpkg', 'pnpm', 'pnpm.cjs', 'pnpx', 'corepack', 'corepack.js']);

const isWrapper = WRAPPERS.has(basename(process.argv[1] ?? ''));

const OLDEST_NODE = 20;

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  if (!isWrapper) process.stderr.write(`deja: this is Node ${process.versions.node}, and applications can be observed from Node ${OLDEST_NODE} on: it runs unobserved\n`);
} else if (isMainThread && !isWrapper) {
  try {
    const { start } = await import('./start.js');
    await start().watchImports();
  } catch (error) {
    // The application comes first: it starts, unobserved.
    process.stderr.write(`deja: capture could not start: ${error instanceof Error ? error.message : String(error)}\n`);
  }
} else if (!isMainThread && !isWrapper && process.env['DEJA_REPLAY'] !== undefined) {
  try {
    const { joinWorker } = await import('./replay/time/join-worker.js');
    joinWorker(process.env['DEJA_REPLAY']);
  } catch {
    // Its main thread has said why.
  }
}
