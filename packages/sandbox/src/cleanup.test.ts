import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { application, NODE_AT } from './testing/application.js';
import { freePort } from './testing/free-port.js';
import { launchers } from './testing/launchers.js';

const HOST = join(import.meta.dirname, '..', 'dist', 'testing', 'doomed-host.js');
/** An application with a child in its group, and one that left it. */
const FAMILY = `
const { spawn } = require('node:child_process');
const marker = process.argv[2];
spawn('sh', ['-c', 'sleep 1000; : ' + marker]);
spawn('sh', ['-c', 'sleep 1000; : ' + marker], { detached: true, stdio: 'ignore' }).unref();
require('node:http').createServer().listen(Number(process.argv[3]));
`;

function processesWith(marker: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    })
    .filter((command) => command.includes(marker));
}

async function untilNone(marker: string): Promise<readonly string[]> {
  for (let tries = 0; tries < 100 && processesWith(marker).length > 0; tries++) await sleep(50);
  return processesWith(marker);
}

const kinds = [...launchers, { launcher: 'process' as const, name: 'a plain process', missing: process.platform === 'linux' ? null : 'looks into /proc' }];

for (const { launcher, name, missing } of kinds) {
  describe.skipIf(missing !== null)(`of a sandbox made by ${name}`, () => {
    // Before the agent is there, while it starts, and when everything runs.
    it.each(['after 5 ms', 'after 30 ms', 'after 60 ms', 'when started', 'when running'])('nothing is left when its host is killed %s', async (moment) => {
      using app = application({ 'server.js': FAMILY });
      const marker = app.folder;
      const temporary = join(app.folder, '..', 'tmp');
      mkdirSync(temporary);
      const port = await freePort();
      const plan = app.plan({ app: { command: [NODE_AT, 'server.js', marker, String(port)], ready: [{ address: '127.0.0.1', port }] } });
      const host = spawn(process.execPath, [HOST, launcher, JSON.stringify(app.spec), JSON.stringify(plan)], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { PATH: process.env.PATH, TMPDIR: temporary },
      });
      let said = '';
      host.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const delay = /\d+/.exec(moment)?.[0];
      if (delay !== undefined) {
        await sleep(Number(delay) + 40);
      } else {
        const word = moment.slice('when '.length);
        while (!said.includes(word) && host.exitCode === null) await sleep(2);
        expect(said).toContain(word);
      }
      if (moment === 'when running') expect(processesWith(marker).length).toBeGreaterThan(3);
      host.kill('SIGKILL');
      await once(host, 'close');
      expect(await untilNone(marker)).toEqual([]);
      // The agent itself does not carry the marker.
      for (let tries = 0; tries < 100 && readdirSync(temporary).length > 0; tries++) await sleep(50);
      expect(readdirSync(temporary)).toEqual([]);
    });
  });
}
