import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HttpTrigger } from '@deja/format';
import { afterEach, describe, expect, it } from 'vitest';
import { answerOf, application, asked, asking, AT, get, NODE_AT } from '../../testing/application.js';
import type { PlanChange, TestApplication } from '../../testing/application.js';
import { launchers } from '../../testing/launchers.js';
import type { SandboxSpec } from '../../sandbox.js';
import { startIn } from './driver.js';
import type { Launcher } from './launcher.js';

const PORT = 3000;

/** What the application found out, seen from inside. */
async function ask(launcher: Launcher, app: TestApplication, change: PlanChange = {}, spec: Partial<SandboxSpec> = {}, trigger: HttpTrigger = get(PORT)): Promise<Record<string, unknown>> {
  await using started = await startIn(launcher, { ...app.spec, ...spec });
  const base = asked(trigger.local.port, trigger);
  await started.apply(app.plan({ ...base, ...change, app: { ...base.app, ...change.app } }));
  await started.start();
  const { observation } = await started.trigger();
  return answerOf(observation.responses[0]);
}

const leftovers: (() => void)[] = [];
afterEach(() => {
  for (const remove of leftovers.splice(0)) remove();
});

for (const { launcher, missing, name } of launchers) {
  describe.skipIf(missing !== null)(`inside a sandbox made by ${name}`, () => {
    it('the application runs under its recorded paths, user, names and addresses', async () => {
      using app = application(
        asking(PORT, `async (req) => ({
          cwd: process.cwd(), node: process.execPath, uid: process.getuid(), user: require('os').userInfo().username, home: process.env.HOME,
          homeExists: require('fs').existsSync(process.env.HOME), local: req.socket.localAddress, headers: req.rawHeaders,
          name: await require('dns/promises').lookup('payments.example'), v6: await require('dns/promises').lookup('six.example'),
        })`),
      );
      const trigger = get(PORT, '/x', { headers: [['hOsT', 'x'], ['X-b', '1']], local: { address: '::ffff:10.20.30.40', port: PORT } });
      const network = {
        mode: 'isolated' as const,
        hosts: [{ name: 'payments.example', address: '203.0.113.7' }, { name: 'six.example', address: 'fd00::7' }],
        addresses: ['203.0.113.7', 'fd00::7'],
      };
      const seen = await ask(launcher, app, { network, app: { uid: 4321, env: { HOME: '/home/of/production', USER: 'shop', PATH: '/usr/bin' } } }, {}, trigger);
      expect(seen).toEqual({
        cwd: AT, node: NODE_AT, uid: 4321, user: 'shop', home: '/home/of/production', homeExists: true, local: '::ffff:10.20.30.40',
        headers: ['hOsT', 'x', 'X-b', '1'], name: { address: '203.0.113.7', family: 4 }, v6: { address: 'fd00::7', family: 6 },
      });
    });

    it('nothing of the machine is visible: no files, no environment, no processes', async () => {
      const secret = join(homedir(), `.deja-test-secret-${process.pid}`);
      writeFileSync(secret, 'secret');
      const elsewhere = mkdtempSync(join(tmpdir(), 'deja-elsewhere-'));
      leftovers.push(() => rmSync(secret), () => rmSync(elsewhere, { recursive: true }));
      process.env.DEJA_TEST_SECRET = 'secret';
      leftovers.push(() => delete process.env.DEJA_TEST_SECRET);
      using app = application(
        asking(PORT, `() => {
          const fs = require('fs');
          const pids = fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name));
          return {
            files: ${JSON.stringify([secret, elsewhere, '/etc/shadow', '/etc/machine-id', '/var/run/docker.sock', '/sys/class'])}.filter((path) => fs.existsSync(path)),
            root: fs.readdirSync('/').sort(), homes: fs.readdirSync('/root'), temporary: fs.readdirSync('/tmp').filter((name) => !name.startsWith('deja-guest-')),
            env: Object.keys(process.env).filter((name) => !['PATH', 'NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS', 'DEJA_OUT', 'DEJA_REPLAY'].includes(name)),
            environments: pids.map((pid) => { try { return fs.readFileSync('/proc/' + pid + '/environ', 'utf8') } catch { return '' } }).filter((text) => text.includes('SECRET')),
            processes: pids.length, devices: fs.readdirSync('/dev').filter((name) => /^(sd|vd|nvme|kvm|mem|loop)/.test(name)),
          };
        }`),
      );
      const seen = await ask(launcher, app);
      expect(seen).toMatchObject({ files: [], homes: [], temporary: [], env: [], environments: [], devices: [] });
      expect(seen.processes).toBeLessThanOrEqual(4);
      expect(seen.root).toEqual(expect.arrayContaining(['etc', 'opt', 'srv', 'usr']));
      expect(seen.root).not.toContain('work');
    });

    it('no address of the machine or of the world answers', async () => {
      const server = createServer((socket) => socket.end('reached'));
      server.listen(0, '0.0.0.0');
      await once(server, 'listening');
      leftovers.push(() => server.close());
      const { port } = server.address() as AddressInfo;
      using app = application(
        asking(PORT, `async () => {
          const net = require('net');
          const dial = (host, port) => new Promise((resolve) => {
            const socket = net.connect({ host, port, timeout: 2000 });
            socket.on('data', () => resolve('reached')).on('error', (error) => resolve(error.code)).on('timeout', () => resolve('silent'));
          });
          return {
            host: await dial('127.0.0.1', ${port}), world: await dial('1.1.1.1', 53), private: await dial('10.0.0.1', 80), six: await dial('2606:4700:4700::1111', 53),
            metadata: await dial('169.254.169.254', 80), devices: Object.keys(require('os').networkInterfaces()),
          };
        }`),
      );
      const seen = await ask(launcher, app);
      expect(seen).toEqual({ host: 'ECONNREFUSED', world: 'ENETUNREACH', private: 'ENETUNREACH', six: 'ENETUNREACH', metadata: 'ENETUNREACH', devices: ['lo'] });
    });

    it('the application writes to its folder and to the system, and the machine stays as it was', async () => {
      using app = application({
        ...asking(PORT, `() => {
          const fs = require('fs');
          fs.writeFileSync('new.txt', '1'); fs.appendFileSync('old.txt', ' more'); fs.rmSync('gone.txt'); fs.mkdirSync('/var/lib/shop', { recursive: true });
          let usr; try { fs.writeFileSync('/usr/bin/evil', ''); usr = 'written'; } catch (error) { usr = error.code; }
          return { list: fs.readdirSync('.').sort(), old: fs.readFileSync('old.txt', 'utf8'), usr };
        }`),
        'old.txt': 'old',
        'gone.txt': 'here',
      });
      expect(await ask(launcher, app)).toEqual({ list: ['new.txt', 'old.txt', 'server.js'], old: 'old more', usr: 'EROFS' });
      expect(readdirSync(app.folder).toSorted()).toEqual(['gone.txt', 'old.txt', 'server.js']);
      expect(existsSync('/usr/bin/evil')).toBe(false);
    });

    it("the kernel's settings, which are the whole machine's, cannot be changed", async () => {
      using app = application(
        asking(PORT, `() => {
          const { writeFileSync, readFileSync } = require('fs');
          const file = '/proc/sys/kernel/core_pattern';
          // What is there already: a hole shall not harm the machine that runs this test.
          const value = readFileSync(file);
          const write = (path) => { try { writeFileSync(path, value); return 'written'; } catch (error) { return error.code; } };
          const run = (command) => require('child_process').spawnSync('/bin/sh', ['-c', command]).status === 0;
          return {
            plain: write(file),
            undone: ['umount /proc/sys', 'mount -o remount,bind,rw /proc/sys', 'mkdir /tmp/p; mount -t proc proc /tmp/p'].filter(run),
            nested: ['umount /proc/sys', 'mount -o remount,bind,rw /proc/sys', 'mkdir -p /tmp/q; mount -t proc proc /tmp/q'].filter((undo) => run(\`unshare -rmpf /bin/sh -c '\${undo}'\`)),
            after: write(file),
          };
        }`),
      );
      for (const uid of [0, 1234]) {
        expect(await ask(launcher, app, { app: { uid } })).toEqual({ plain: expect.stringMatching(/EROFS|EACCES/), undone: [], nested: [], after: expect.stringMatching(/EROFS|EACCES/) });
      }
    });

    it('modules come from hoisted folders and workspaces, as on the machine', async () => {
      using app = application({
        ...asking(PORT, `() => ({ hoisted: require('hoisted'), workspace: require('@my/lib'), where: require.resolve('@my/lib') })`),
        '../node_modules/hoisted/index.js': 'module.exports = "hoisted";',
        '../packages/lib/index.js': 'module.exports = "lib with " + require("deep");',
        '../packages/lib/node_modules/deep/index.js': 'module.exports = "deep";',
        '../node_modules/@my/.keep': '',
      });
      symlinkSync('../../packages/lib', join(app.folder, '../node_modules/@my/lib'));
      expect(await ask(launcher, app)).toEqual({ hoisted: 'hoisted', workspace: 'lib with deep', where: '/srv/packages/lib/index.js' });
    });

    it('what a link in the folder leads to is there, and what it leads past is not', async () => {
      using app = application({
        ...asking(PORT, `() => { const fs = require('fs'); return { settings: fs.readFileSync('.env', 'utf8'), home: fs.existsSync('home/.') ? fs.readdirSync('home') : [], beside: fs.readdirSync('../shared') }; }`),
        '../shared/.env': 'KEY=1',
        '../shared/other': 'not linked',
      });
      symlinkSync('../shared/.env', join(app.folder, '.env'));
      symlinkSync(homedir(), join(app.folder, 'home'));
      expect(await ask(launcher, app, { app: { env: { PATH: '/usr/bin' } } })).toEqual({ settings: 'KEY=1', home: [], beside: ['.env'] });
    });

    it('the recorded Node may have been where this machine has none', async () => {
      using app = application(asking(PORT, `() => ({ node: process.execPath, version: process.version })`));
      const at = '/usr/local/bin/recorded-node';
      const seen = await ask(launcher, app, { app: { command: [at, 'server.js'] } }, { node: { from: process.execPath, at } });
      expect(seen).toEqual({ node: at, version: process.version });
    });

    it('folders may have any name', async () => {
      const name = "it's: odd, $HOME";
      const files = asking(PORT, `() => ({ cwd: process.cwd(), type: require('fs').readFileSync('/proc/self/mountinfo', 'utf8').split('\\n').find((line) => line.includes('/srv/it')).split(' - ')[1].split(' ')[0] })`);
      using app = application({ [`${name}/server.js`]: files['server.js'] ?? '' });
      const at = `/srv/${name}`;
      expect(await ask(launcher, app, { app: { cwd: at } }, { app: { from: join(app.folder, name), at } })).toEqual({ cwd: at, type: 'overlay' });
    });

    it.each(['/usr/src/app', '/app', '/home/someone/deep/down', '/tmp/here'])('the application may have been recorded at %s, on port 80', async (at) => {
      using app = application(asking(80, `() => ({ cwd: process.cwd(), port: 80 })`));
      expect(await ask(launcher, app, { app: { cwd: at } }, { app: { from: app.folder, at } }, get(80))).toEqual({ cwd: at, port: 80 });
    });
  });
}
