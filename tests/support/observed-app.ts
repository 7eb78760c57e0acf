import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DatabaseInfo, IoEvent, ServerInfo } from '../../packages/format/src/index.js';

const root = join(import.meta.dirname, '..', '..');
const capture = (file: string): string => pathToFileURL(join(root, 'packages', 'capture', 'dist', file)).href;

/** An event as its instrumentation tells it, with the number of the request it was put to (null: outside of any). */
export type Observed<K extends IoEvent['kind'] = IoEvent['kind']> = Extract<IoEvent, { kind: K }> & { readonly request: number | null };

export interface Observation {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly events: readonly Observed[];
  readonly databases: readonly DatabaseInfo[];
  readonly servers: readonly ServerInfo[];
  readonly limits: readonly string[];
  readonly notCaptured: readonly string[];
}

export interface App {
  /** Source of the program. Global are `inRequest(n, fn)`, which runs `fn` as request n, and `schemasKnown()`, which waits for the schemas being read. */
  readonly source: string;
  readonly type: 'esm' | 'cjs';
  /** Names of exports of instrumentation modules: `{ 'drivers/pg/index.js': 'pg' }`. None: the program runs as it is, without any hook. */
  readonly instrument: Readonly<Record<string, string>>;
  readonly node?: string;
  /** Folder in which packages are found; default the workspace. */
  readonly packages?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program with the built capture library's recorder and these instrumentations preloaded, and gives what it printed and what was observed. */
export async function observe(app: App): Promise<Observation> {
  const folder = mkdtempSync(join(tmpdir(), 'deja-observed-'));
  try {
    const script = join(folder, app.type === 'esm' ? 'app.mjs' : 'app.cjs');
    const out = join(folder, 'observed.json');
    writeFileSync(script, app.source);
    writeFileSync(join(folder, 'preload.mjs'), preload(app.instrument));
    symlinkSync(join(app.packages ?? root, 'node_modules'), join(folder, 'node_modules'));
    const child = spawn(app.node ?? process.execPath, ['--import', pathToFileURL(join(folder, 'preload.mjs')).href, script], {
      cwd: folder,
      env: { ...process.env, NODE_OPTIONS: '', ...app.env, OBSERVED_OUT: out },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    const timer = setTimeout(() => child.kill('SIGKILL'), 40_000);
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    clearTimeout(timer);
    let seen: Pick<Observation, 'events' | 'databases' | 'servers' | 'limits' | 'notCaptured'> = { events: [], databases: [], servers: [], limits: [], notCaptured: [] };
    if (Object.keys(app.instrument).length > 0) seen = JSON.parse(readFileSync(out, 'utf8')) as typeof seen;
    return { stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString(), code, ...seen };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function preload(instrument: App['instrument']): string {
  if (Object.keys(instrument).length === 0) return 'globalThis.inRequest = (n, fn) => fn(); globalThis.schemasKnown = async () => {};';
  return `
    import { writeFileSync } from 'node:fs';
    import { TimelineRecorder } from ${JSON.stringify(capture('core/timeline-recorder.js'))};
    import { DEFAULT_LIMITS } from ${JSON.stringify(capture('core/config.js'))};
    import { startModuleHooks } from ${JSON.stringify(capture('hooks/module-hooks.js'))};
    import { notCapturedNotes } from ${JSON.stringify(capture('hooks/not-captured.js'))};
    ${Object.entries(instrument).map(([file, name]) => `import { ${name} } from ${JSON.stringify(capture(file))};`).join('\n')}
    import { pendingSchemas } from ${JSON.stringify(capture('drivers/index.js'))};
    globalThis.schemasKnown = async () => pendingSchemas();
    const recorder = new TimelineRecorder(DEFAULT_LIMITS);
    ${Object.values(instrument).map((name) => `typeof ${name} === 'function' ? ${name}(recorder, 1 << 20) : ${name}.install(recorder);`).join('\n')}
    await startModuleHooks();
    const requests = new Map();
    globalThis.inRequest = (n, fn) => {
      if (!requests.has(n)) requests.set(n, recorder.openRequest(undefined));
      return recorder.runIn(requests.get(n), fn);
    };
    const write = writeFileSync;
    const register = (list, info) => {
      const at = list.findIndex((one) => JSON.stringify({ ...one, name: undefined }) === JSON.stringify({ ...info, name: undefined }));
      if (at >= 0) return list[at].name;
      const name = 'n' + (list.length + 1);
      list.push({ name, ...info });
      return name;
    };
    process.on('exit', () => {
      const databases = [], servers = [], limits = [];
      const pack = {
        body: (chunks) => ({ text: Buffer.concat(chunks).toString() }),
        redact: (name, value) => (/password/.test(name) ? '<' + name + '>' : value),
        database: (info) => register(databases, info),
        server: (info) => register(servers, info),
        limit: (text) => limits.push(text),
      };
      const scopes = [[null, recorder.boot], ...requests, [null, recorder.background]];
      const events = scopes.flatMap(([request, scope]) => scope.entries.map((entry) => ({ entry, request })))
        .toSorted((a, b) => a.entry.order - b.entry.order)
        .map(({ entry, request }) => ({ ...entry.live.toBody(pack), request, ...(entry.done === undefined ? {} : { done: entry.done }) }));
      write(process.env.OBSERVED_OUT, JSON.stringify({ events, databases, servers, limits, notCaptured: notCapturedNotes() }));
    });
  `;
}
