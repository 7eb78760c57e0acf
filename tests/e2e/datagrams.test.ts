/** Failures that come by datagrams: whoever answered is gone when they happen again. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPackage } from '@deja/format/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dejaRun } from '../support/deja-run.ts';
import { freePort } from '../support/free-port.ts';
import { packagesIn, reproduce, verdictsOf } from './real-apps/deja.ts';

const folder = mkdtempSync(join(tmpdir(), 'deja-datagrams-'));
let files: readonly string[] = [];

const CASES = [
  ['/?name=ann', 'ann is out', 'an answer'],
  ['/?name=nobody', 'nobody knows where nobody is', 'no answer'],
] as const;

async function answering(answer: (question: Buffer) => Buffer | null): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('message', (bytes, from) => {
    const said = answer(bytes);
    if (said) socket.send(said, from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

describe('failures that come by datagrams are observed and happen again', () => {
  beforeAll(async () => {
    const service = join(folder, 'datagrams');
    cpSync(join(import.meta.dirname, '..', 'apps', 'datagrams'), service, { recursive: true });
    const metrics = await answering(() => null);
    const directory = await answering((question) => {
      const name = question.toString('latin1', 2);
      return name === 'nobody' ? null : Buffer.concat([question.subarray(0, 2), Buffer.from(name === 'ann' ? '!out' : 'desk 7')]);
    });
    const port = await freePort();
    const running = await dejaRun(['node', 'server.js'], { out: join(folder, 'out'), ready: 'datagrams is listening', cwd: service, env: { PORT: String(port), METRICS_PORT: String(metrics.address().port), DIRECTORY_PORT: String(directory.address().port) } });
    const get = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    expect(await get('/?name=bob')).toBe('desk 7');
    for (const [path] of CASES) expect(await get(path), running.output()).toBe('sorry');
    await running.stop();
    for (const socket of [metrics, directory]) socket.close();
    files = packagesIn(join(folder, 'out'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(CASES.map(([, message, cause], index) => [cause, message, index] as const))('%s', async (_, message, index) => {
    const file = files[index] ?? '';
    expect((await readPackage(file)).failure?.error?.message).toContain(message);
    const { code, document, stderr } = await reproduce(folder, [file, '--sandbox', 'namespace', '--runs', '3', '--no-control']);
    expect({ code, verdicts: verdictsOf(document) }, stderr).toEqual({ code: 0, verdicts: ['reproduced', 'reproduced', 'reproduced'] });
  }, 60_000);
});
