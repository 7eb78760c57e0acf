import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { GuestError } from './errors.js';
import { pickSandbox } from './pick.js';
import type { Sandbox, StartedSandbox, Triggered } from './sandbox.js';
import { answerOf, application, asked, asking, AT, get } from './testing/application.js';
import type { PlanChange, TestApplication } from './testing/application.js';
import { freePort } from './testing/free-port.js';
import { launchers } from './testing/launchers.js';

const PORT = 3000;
const works = launchers.some(({ missing }) => missing === null);
const reason = works ? '' : ` (left out: ${launchers.map(({ name }) => name).join('; ')})`;

let sandbox: Sandbox;

async function started(app: TestApplication, change: PlanChange): Promise<StartedSandbox> {
  const running = await sandbox.start(app.spec);
  await running.apply(app.plan(change));
  return running;
}

/** How starting the application failed. */
async function failureOf(app: TestApplication, change: PlanChange = asked(PORT)): Promise<GuestError> {
  await using running = await started(app, change);
  return await running.start().then(
    () => expect.fail('the application started'),
    (error: GuestError) => error,
  );
}

async function triggered(app: TestApplication, change: PlanChange = asked(PORT)): Promise<Triggered> {
  await using running = await started(app, change);
  await running.start();
  return await running.trigger();
}

describe.skipIf(!works)(`in the namespace sandbox${reason}`, () => {
  beforeAll(async () => {
    sandbox = await pickSandbox('namespace');
  });

  describe('an application that does not start says why', () => {
    it('it exits early: with the last 20 lines of its output', async () => {
      using app = application({ 'server.js': 'for (let i = 1; i <= 50; i++) console.log("line " + i); console.error("no config"); process.exitCode = 3;' });
      const error = await failureOf(app);
      expect(error).toMatchObject({ code: 'DEJA_APP_EXITED_EARLY', message: 'the application ended with code 3 before it listened on port 3000' });
      expect(error.output).toHaveLength(20);
      expect(error.output).toEqual(expect.arrayContaining(['line 50', 'no config']));
    });

    it('it is ended by a signal', async () => {
      using app = application({ 'server.js': 'process.kill(process.pid, "SIGTERM"); setTimeout(() => {}, 10_000)' });
      expect(await failureOf(app)).toMatchObject({ code: 'DEJA_APP_EXITED_EARLY', message: 'the application was ended by SIGTERM before it listened on port 3000' });
    });

    it('it never listens', async () => {
      using app = application({ 'server.js': 'console.log("waiting for godot"); setInterval(() => {}, 1000)' });
      const error = await failureOf(app, { ...asked(PORT), deadlines: { readyMs: 700, triggerMs: 1000 } });
      expect(error).toMatchObject({ code: 'DEJA_APP_NOT_READY', message: 'the application did not listen on port 3000 within 700 ms', output: ['waiting for godot'] });
    });

    it('its port is in use', async () => {
      using app = application({ 'server.js': 'const net = require("node:net"); net.createServer().listen(4000, () => net.createServer().listen(4000))' });
      expect(await failureOf(app)).toMatchObject({ code: 'DEJA_PORT_IN_USE', message: expect.stringContaining('port 4000 is in use') });
    });

    it.each([
      ['the command is missing', [], AT, 'has no command'],
      ['the program does not exist', ['/opt/nothing', 'server.js'], AT, 'does not exist here'],
      ['the folder does not exist', ['node'], '/nowhere', '/nowhere, does not exist'],
    ])('%s', async (_what, command, cwd, message) => {
      using app = application({});
      expect(await failureOf(app, { app: { command, cwd } })).toMatchObject({ code: 'DEJA_NO_START_COMMAND', message: expect.stringContaining(message), hint: expect.any(String) });
    });

    it('and a trigger after that observes that it never started', async () => {
      using app = application({});
      await using running = await started(app, { app: { command: [] } });
      await running.start().catch(() => undefined);
      const { observation } = await running.trigger();
      expect(observation.end).toEqual({ kind: 'never-started', message: expect.stringContaining('has no command') });
    });
  });

  describe('the observation', () => {
    it('has an answer and a package for every request that ended before the failing one, sent at their times', async () => {
      using app = application(asking(PORT, 'async (req) => { await new Promise((resolve) => setTimeout(resolve, req.url === "/failing" ? 300 : 0)); return { url: req.url, at: Date.now() }; }'));
      const change = asked(PORT);
      const triggers = [
        { request: 0, at: 0, trigger: get(PORT, '/failing') },
        { request: 1, at: 150, trigger: get(PORT, '/other') },
      ];
      const { observation, packages } = await triggered(app, { ...change, triggers });
      expect(observation.end).toBeNull();
      expect(observation.responses.map((each) => [each.request, each.response?.status])).toEqual([[0, 200], [1, 200]]);
      expect(new Set(packages.map(({ name }) => name))).toEqual(new Set(['request-0.deja', 'request-1.deja']));
      const [failing, other] = observation.responses.map((each) => Number(answerOf(each).at));
      expect(other).toBeLessThan(failing ?? 0);
    });

    it('does not wait for a request that overlapped the failing one and never ends', async () => {
      using app = application(asking(PORT, 'async (req) => { if (req.url === "/other") await new Promise(() => {}); return {}; }'));
      const triggers = [
        { request: 1, at: 0, trigger: get(PORT, '/other') },
        { request: 0, at: 50, trigger: get(PORT, '/failing') },
      ];
      const { observation, packages } = await triggered(app, { ...asked(PORT), triggers, deadlines: { readyMs: 15_000, triggerMs: 600_000 } });
      expect(packages.map(({ name }) => name)).toEqual(['request-0.deja']);
      expect(observation).toMatchObject({ end: null, responses: [{ request: 1, error: expect.stringContaining('no answer') }, { request: 0, response: { status: 200 } }] });
    });

    it('says that the process ended, and how', async () => {
      using app = application({ 'server.js': 'require("node:http").createServer(() => { console.error("fatal"); process.exit(7); }).listen(3000)' });
      const { observation } = await triggered(app, { ...asked(PORT), until: 'exit' });
      expect(observation).toMatchObject({ end: { kind: 'exited', code: 7 }, output: ['fatal'], responses: [{ request: 0, error: expect.any(String) }] });
    });

    it('says that it was signalled', async () => {
      using app = application({ 'server.js': 'require("node:http").createServer(() => process.abort()).listen(3000)' });
      const { observation } = await triggered(app, { ...asked(PORT), until: 'exit' });
      expect(observation.end).toEqual({ kind: 'signalled', signal: 'SIGABRT' });
    });

    it('ends without an exit when one was expected and everything was answered', async () => {
      using app = application(asking(PORT, '() => ({})'));
      const { observation } = await triggered(app, { ...asked(PORT), until: 'exit' });
      expect(observation).toMatchObject({ end: null, responses: [{ response: { status: 200 } }] });
    });

    it('ends at its deadline when there is no answer', async () => {
      using app = application({ 'server.js': 'require("node:http").createServer(() => {}).listen(3000)' });
      const { observation } = await triggered(app, { ...asked(PORT), deadlines: { readyMs: 10_000, triggerMs: 400 } });
      expect(observation).toMatchObject({ end: { kind: 'timed-out' }, responses: [{ error: expect.stringContaining('no answer') }] });
    });

    it('of a start that is itself the failure is the end of the process', async () => {
      using app = application({ 'server.js': 'throw new Error("at load")' });
      const { observation } = await triggered(app, { until: 'exit', app: { ready: [{ address: '0.0.0.0', port: PORT }] } });
      expect(observation.end).toEqual({ kind: 'exited', code: 1 });
      expect(observation.output.join('\n')).toContain('Error: at load');
    });

    it('has the part of the answer that came before the connection broke', async () => {
      using app = application({ 'server.js': 'require("node:http").createServer((req, res) => { res.writeHead(200, { "Content-Length": 9 }); res.write("part"); setTimeout(() => req.socket.resetAndDestroy(), 100); }).listen(3000)' });
      const { observation } = await triggered(app);
      expect(observation.responses[0]).toMatchObject({ error: expect.any(String), response: { status: 200, body: { text: 'part' } } });
    });
  });

  it('requests out of order are refused', async () => {
    using app = application({});
    await using running = await sandbox.start(app.spec);
    await expect(running.start()).rejects.toMatchObject({ code: 'DEJA_PROTOCOL_ORDER' });
  });

  it('an application that floods its output does not flood the host', async () => {
    using app = application({ 'server.js': 'const line = "x".repeat(1_000_000); for (let i = 0; i < 40; i++) require("fs").writeSync(1, line); require("node:http").createServer((q, s) => s.end("ok")).listen(3000)' });
    let bytes = 0;
    let told = '';
    await using running = await sandbox.start({ ...app.spec, onLog: (stream, chunk) => (stream === 'agent' ? (told += Buffer.from(chunk).toString()) : (bytes += chunk.length)) });
    await running.apply(app.plan(asked(PORT)));
    await running.start();
    expect(bytes).toBeLessThan(10 * 1024 * 1024);
    expect(told).toContain('the rest is not passed on');
    const { observation } = await running.trigger();
    expect(observation.responses[0]?.response?.status).toBe(200);
  });

  it('an application folder that is not there, or that is the system’s own, is refused', async () => {
    using app = application({});
    await expect(sandbox.start({ ...app.spec, app: { from: '/nowhere', at: AT } })).rejects.toMatchObject({ code: 'DEJA_SANDBOX_APP_ROOT' });
    await expect(sandbox.start({ ...app.spec, app: { from: app.folder, at: '/usr' } })).rejects.toMatchObject({ code: 'DEJA_SANDBOX_APP_ROOT' });
  });
});

describe('in the process sandbox', () => {
  const leftovers: (() => void)[] = [];
  afterEach(() => {
    for (const remove of leftovers.splice(0)) remove();
  });

  beforeAll(async () => {
    sandbox = await pickSandbox('process');
  });

  it('it is said that nothing isolates', () => {
    expect(sandbox.isolation).toBe('none');
    expect(sandbox.description).toContain('NOTHING ISOLATES');
  });

  it('the application runs where it lies, without the environment of the host', async () => {
    process.env.DEJA_TEST_SECRET = 'secret';
    leftovers.push(() => delete process.env.DEJA_TEST_SECRET);
    const port = await freePort();
    using app = application(asking(port, '() => ({ cwd: process.cwd(), node: process.execPath, secret: process.env.DEJA_TEST_SECRET })'));
    const { observation, packages } = await triggered(app, asked(port, get(port, '/', { local: { address: '10.1.2.3', port } })));
    expect(answerOf(observation.responses[0])).toEqual({ cwd: app.folder, node: process.execPath });
    expect(packages).toHaveLength(1);
  });

  it('a port that another program has is named before anything starts', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    leftovers.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    using app = application(asking(port, '() => ({})'));
    expect(await failureOf(app, asked(port))).toMatchObject({ code: 'DEJA_PORT_IN_USE', message: `the application's port ${port} is in use on this machine` });
  });
});
