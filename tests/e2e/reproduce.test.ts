/** The main job on a small service without a database: observed once, reproduced with its upstream switched off. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deja as dejaIn, type DejaOptions, type DejaResult } from '../support/deja.ts';
import { dejaJson as dejaJsonIn, dejaRun } from '../support/deja-run.ts';
import { freePort } from '../support/free-port.ts';

interface Document {
  readonly verdict: string;
  readonly sandbox: string;
  readonly runs: readonly { readonly verdict: string; readonly failure: string | null; readonly ms: Record<string, number> | null; readonly divergence: { readonly seq?: number; readonly summary: string; readonly recorded?: string; readonly replayed?: string } | null }[];
  readonly control: { readonly verdict: string; readonly removed: string } | null;
  readonly differences: readonly string[];
  readonly edits?: readonly { readonly file: string; readonly at: string; readonly change: string }[];
}

const folder = mkdtempSync(join(tmpdir(), 'deja-e2e-'));
const apps = join(import.meta.dirname, '..', 'apps');
const service = join(folder, 'profile');
let recorded = '';
let runOutput = '';

beforeAll(async () => {
  cpSync(join(apps, 'profile'), service, { recursive: true });
  const upstream = createServer((request, response) => response.setHeader('content-type', 'application/json').end(request.url === '/users/1' ? '{"profile":{"name":"ann"}}' : '{"profile":null}'));
  const upstreamPort = await listen(upstream);
  const port = await freePort();
  const env = { PORT: String(port), UPSTREAM_URL: `http://127.0.0.1:${upstreamPort}`, SESSION_SECRET: 'do-not-leak-me-0123456789' };
  const running = await dejaRun(['node', 'server.js'], { out: join(folder, 'packages'), ready: 'profile is listening', cwd: service, env });
  expect(await (await fetch(`http://127.0.0.1:${port}/?id=1`)).text()).toBe('hello ANN');
  expect((await fetch(`http://127.0.0.1:${port}/?id=2`)).status).toBe(500);
  await running.says('.deja');
  await running.stop();
  runOutput = running.output();
  upstream.close();
  upstream.closeAllConnections();
  const [name] = readdirSync(join(folder, 'packages')).filter((file) => file.endsWith('.deja'));
  recorded = join(folder, 'packages', name ?? 'none');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As a person does at a debugger: looks where it stands, and goes on. */
async function letItRun(port: number): Promise<void> {
  const [target] = (await retried(async () => (await fetch(`http://127.0.0.1:${port}/json/list`)).json())) as readonly { readonly webSocketDebuggerUrl: string }[];
  const socket = new WebSocket(target?.webSocketDebuggerUrl ?? '');
  await once(socket, 'open');
  const paused = Promise.withResolvers<unknown>();
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as { readonly method?: string };
    if (message.method === 'Debugger.paused') paused.resolve(message);
  });
  for (const [id, method] of ['Runtime.enable', 'Debugger.enable', 'Runtime.runIfWaitingForDebugger'].entries()) socket.send(JSON.stringify({ id, method }));
  expect(JSON.stringify(await paused.promise)).toContain('Break on start');
  socket.send(JSON.stringify({ id: 9, method: 'Debugger.resume' }));
}

/** The application is only just being started. */
async function retried<T>(ask: () => Promise<T>): Promise<T> {
  for (let left = 300; ; left--) {
    try {
      return await ask();
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

describe('deja run', () => {
  it('says what failed and the one command to type next', () => {
    expect(runOutput).toContain("TypeError: Cannot read properties of null (reading 'name')");
    expect(runOutput).toMatch(/deja reproduce \S+\.deja/);
  });

  it('leaves no secret of the environment in the package', () => {
    expect(readFileSync(recorded).includes('do-not-leak-me')).toBe(false);
  });
});

describe('deja reproduce', () => {
  it('watches it break again, in every run, and not without its cause', async () => {
    const { code, document } = await dejaJson<Document>(['reproduce', recorded, '--runs', '3']);
    expect(document.runs.map(({ verdict }) => verdict)).toEqual(['reproduced', 'reproduced', 'reproduced']);
    expect(document).toMatchObject({ verdict: 'reproduced', control: { verdict: 'not-reproduced', removed: expect.stringContaining('/users/2') } });
    expect(Object.keys(document.runs[0]?.ms ?? {}).toSorted()).toEqual(['app', 'apply', 'ready', 'start', 'total', 'trigger']);
    expect(code).toBe(0);
  });

  it('keeps the sandbox when it is told to: the application in there answers, until Ctrl-C', async () => {
    let asked: Promise<string> | undefined;
    const { code, stdout, stderr } = await deja(['reproduce', recorded, '--keep'], (text, kill) => {
      const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(text) ?? [];
      if (address === undefined || !text.includes('Ctrl-C')) return;
      asked ??= fetch(`${address}/?id=2`).then((answer) => answer.text()).finally(() => kill('SIGINT'));
    });
    expect(stderr).toContain('the sandbox is kept');
    // The one recorded exchange was used up by the run: the upstream's stub refuses another, and the application says what it says then.
    expect(await asked, stderr).toBe('sorry');
    expect({ code, said: stdout }).toEqual({ code: 0, said: expect.stringContaining('reproduced') });
  });

  it('cannot keep what has no network of its own', async () => {
    expect(await deja(['reproduce', recorded, '--keep', '--sandbox', 'process'])).toMatchObject({ code: 5, stderr: expect.stringContaining('no network of its own') });
  });

  it('has the application wait for a debugger', async () => {
    const at = await freePort();
    let debugged: Promise<void> | undefined;
    const { code, stderr } = await deja(['reproduce', recorded, '--inspect', String(at)], (text) => {
      if (text.includes('waits for a debugger')) debugged ??= letItRun(at);
    });
    await debugged;
    expect(stderr).toContain(`node inspect 127.0.0.1:${at}`);
    expect(code, stderr).toBe(0);
  });

  it.each([[['--inspect', '--fast-forward']], [['--inspect', '--runs', '2']]])('refuses %j', async (options) => {
    expect(await deja(['reproduce', recorded, ...options])).toMatchObject({ code: 2, stderr: expect.stringContaining('--inspect') });
  });

  it('does so without namespaces, and says that this does not isolate', async () => {
    const { code, stderr } = await deja(['reproduce', recorded, '--sandbox', 'process', '--no-control']);
    expect(stderr).toMatch(/nothing isolates/i);
    expect(code).toBe(0);
  });

  it('is gone with changed code that mends it, which is named', async () => {
    const { code, document } = await dejaJson<Document>(['reproduce', recorded, '--app', join(apps, 'profile-fixed')]);
    expect(document).toMatchObject({ verdict: 'not-reproduced', differences: [expect.stringContaining('recorded was profile 1.0.0, here is 1.0.1'), expect.anything()] });
    expect(code).toBe(1);
  });

  it('does not take a line that has moved for the cause', async () => {
    const moved = edited('moved', (source) => `// one line more\n${source}`);
    const { document } = await dejaJson<Document>(['reproduce', recorded, '--app', moved]);
    expect(document).toMatchObject({ verdict: 'reproduced', control: { verdict: 'not-reproduced' } });
  });

  it('ends when it is interrupted, and says that this was why', async () => {
    const command = ['reproduce', recorded, '--runs', '1000'];
    const options = { cwd: folder, afterMs: { ms: 1500, signal: 'SIGINT' } } as const;
    const [told, document] = [await dejaIn(command, options), await dejaIn([...command, '--json'], options)];
    for (const stopped of [told, document]) expect(stopped).toMatchObject({ code: 130, stderr: expect.stringContaining('interrupted after') as string });
    // Neither a verdict nor advice: nobody has got an answer.
    expect(told.stdout).toBe('');
    expect(told.stderr).not.toContain('next:');
    expect(JSON.parse(document.stdout)).toMatchObject({ interrupted: true });
  });

  it('shows side by side where the replay left the recording', async () => {
    const other = edited('other-request', (source) => source.replace('/users/${id}', '/people/${id}'));
    const { code, document } = await dejaJson<Document>(['reproduce', recorded, '--app', other]);
    expect(code).toBe(3);
    expect(document.runs[0]?.divergence).toMatchObject({ seq: 1, recorded: expect.stringContaining('/users/2'), replayed: expect.stringContaining('/people/2') });
    const shown = await deja(['reproduce', recorded, '--app', other]);
    expect(shown.stdout).toMatch(/recorded │ .*\/users\/2[\s\S]*replayed │ .*\/people\/2/);
  });

  it.each([
    ['exits early', (source: string) => `console.error('no config'); process.exit(3);\n${source}`, /ended with code 3/, 'no config'],
    ['never listens', (source: string) => source.replace(/server\.listen.*/, 'setInterval(() => {}, 1000); console.log("thinking");'), /never|not.*(ready|listen|accept)/i, 'thinking'],
  ])('says so when the application %s, with its last words', { timeout: 120_000 }, async (name, change, message, words) => {
    const { code, stdout } = await deja(['reproduce', recorded, '--app', edited(name.replaceAll(' ', '-'), change), '--ready-timeout', '2']);
    expect(stdout).toContain('inconclusive');
    expect(stdout).toMatch(message);
    expect(stdout).toContain(words);
    expect(code).toBe(4);
  });

  it('says which part is missing and how to get it', async () => {
    const missing = await deja(['reproduce', recorded, '--app', join(folder, 'nowhere')]);
    expect(missing).toMatchObject({ code: 5, stderr: expect.stringContaining('--app DIR') });
    const vm = await deja(['reproduce', recorded, '--sandbox', 'firecracker']);
    expect(vm).toMatchObject({ code: 5, stderr: expect.stringContaining('firecracker') });
  });
});

describe('deja plan', () => {
  it('writes a folder that can be edited and run', async () => {
    const plan = join(folder, 'plan');
    expect((await deja(['plan', recorded, '--out', plan])).code).toBe(0);
    expect(readdirSync(plan).toSorted()).toEqual(['blobs', 'fixtures.yaml', 'plan.yaml', 'recording.deja', 'stubs.yaml']);
    expect((await dejaJson<Document>(['reproduce', plan])).document).toMatchObject({ verdict: 'reproduced', edits: [] });
    const stubs = join(plan, 'stubs.yaml');
    writeFileSync(stubs, readFileSync(stubs, 'utf8').replace('{"profile":null}', '{"profile":{"name":"bob"}}').replace(/content-length\n(\s+)- "16"/i, 'content-length\n$1- "26"'));
    const healed = await dejaJson<Document>(['reproduce', plan]);
    expect(healed.document.verdict).not.toBe('reproduced');
    expect(healed.document.edits?.map(({ file, change }) => [file, change])).toContainEqual(['stubs.yaml', '{"profile":null} → {"profile":{"name":"bob"}}']);
    // What was edited is not lost by writing the plan again.
    expect(await deja(['plan', recorded, '--out', plan])).toMatchObject({ code: 2, stderr: expect.stringContaining('--force') as string });
    expect(readFileSync(stubs, 'utf8')).toContain('"bob"');
    expect((await deja(['show', plan])).code).toBe(0);
    expect((await deja(['fixtures', plan, '--check'])).code).toBe(0);
    expect((await deja(['plan', recorded, '--out', plan, '--force'])).code).toBe(0);
    rmSync(join(plan, 'recording.deja'));
    expect(await deja(['show', plan])).toMatchObject({ code: 6, stderr: expect.stringContaining('recording.deja is missing') as string });
  });

  it.each(['profile/server.js/x', '/proc/deja'])('says that %s cannot be made', async (out) => {
    expect(await deja(['plan', recorded, '--out', out])).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be made') as string });
    expect(await deja(['run', '--out', out, '--', 'true'])).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be made') as string });
  });

  it('does not write over something else', async () => {
    const { code, stderr } = await deja(['plan', recorded, '--out', service]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('is not a plan');
  });
});

const deja = (args: readonly string[], onMessages?: DejaOptions['onMessages']): Promise<DejaResult> => dejaIn(args, { cwd: folder, ...(onMessages && { onMessages }) });
const dejaJson = <T>(args: readonly string[]): ReturnType<typeof dejaJsonIn<T>> => dejaJsonIn<T>(args, folder);

function edited(name: string, change: (source: string) => string): string {
  const at = join(folder, name);
  cpSync(join(apps, 'profile'), at, { recursive: true });
  writeFileSync(join(at, 'server.js'), change(readFileSync(join(at, 'server.js'), 'utf8')));
  return at;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}
