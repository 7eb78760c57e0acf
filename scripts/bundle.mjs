// After the compiler: the programs that start most often, each as few files. Loading some hundred small modules costs more than running them.
// Without these everything works as well, only slower: what is older than the last compilation is not used.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const packages = join(dirname(dirname(fileURLToPath(import.meta.url))), 'packages');

/** A bundled command line starts the bundled agent. */
const bundledAgent = {
  name: 'bundled-agent',
  load: (id) =>
    id === join(packages, 'guest', 'dist', 'entry.js')
      ? "import { fileURLToPath } from 'node:url';\nexport const AGENT_ENTRY = fileURLToPath(new URL('../../../guest/dist/bundle/agent.js', import.meta.url));\n"
      : null,
};

const BUNDLES = [
  { folder: 'cli', entries: { main: 'dist/main.js' }, external: ['libpg-query'], plugins: [bundledAgent] },
  { folder: 'guest', entries: { agent: 'dist/agent.js' }, external: ['pg-native', 'pg-cloudflare'], plugins: [] },
  {
    folder: 'capture',
    entries: { register: 'dist/register.js', watcher: 'dist/locals/watcher.js', 'writer-thread': 'dist/core/writer-thread.js' },
    // They put their own files between the application and its modules, and find these beside themselves.
    external: [/^import-in-the-middle/, /^require-in-the-middle/],
    plugins: [],
  },
];

for (const { folder, entries, external, plugins } of BUNDLES) {
  const root = join(packages, folder);
  const dir = join(root, 'dist', 'bundle');
  const input = Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(root, file)]));
  const bundle = await rolldown({ input, platform: 'node', external, plugins, logLevel: 'warn' });
  await bundle.write({ dir, format: 'esm', sourcemap: true, chunkFileNames: '[name].js' });
  await bundle.close();
}
