import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FirecrackerApi } from './api.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'deja-api-'));
});
const DRIVE = { drive_id: 'base', is_root_device: false, is_read_only: true } as const;
const ended: (() => void)[] = [];
afterEach(() => {
  for (const end of ended.splice(0)) end();
  rmSync(folder, { recursive: true, force: true });
});

async function answering(listener: RequestListener): Promise<FirecrackerApi> {
  const server = createServer(listener);
  const socket = join(folder, 'api');
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  ended.push(() => server.close());
  return new FirecrackerApi(socket);
}

describe('the client of the interface', () => {
  it('sends what it is told, one request after the other over one connection', async () => {
    const seen: unknown[] = [];
    const sockets = new Set<unknown>();
    const api = await answering((request, response) => {
      sockets.add(request.socket);
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        seen.push([request.method, request.url, JSON.parse(body)]);
        response.writeHead(204).end();
      });
    });
    await api.send('PUT /machine-config', { vcpu_count: 1, mem_size_mib: 128 });
    await api.send('PATCH /vm', { state: 'Paused' });
    api[Symbol.dispose]();
    expect(seen).toEqual([['PUT', '/machine-config', { vcpu_count: 1, mem_size_mib: 128 }], ['PATCH', '/vm', { state: 'Paused' }]]);
    expect(sockets.size).toBe(1);
  });

  it.each([
    ['its own words', '{"fault_message":"No such file"}', 'No such file'],
    ['whatever it said', 'Bad Request', 'Bad Request'],
  ])('a refusal is told with %s', async (_, answer, words) => {
    const api = await answering((_request, response) => response.writeHead(400).end(answer));
    await expect(api.send('PUT /actions', { action_type: 'InstanceStart' })).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_REFUSED', message: expect.stringContaining(words) });
  });

  it('an end in the middle of an answer is told as silence', async () => {
    const api = await answering((request) => request.socket.destroy());
    await expect(api.send('PATCH /vm', { state: 'Paused' })).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_SILENT', message: expect.stringContaining('PATCH /vm') });
  });
});

const binary = process.env['FIRECRACKER_BIN'];

async function started(): Promise<{ readonly api: FirecrackerApi; readonly child: ChildProcess }> {
  const socket = join(folder, 'api');
  const child = spawn(binary ?? '', ['--api-sock', socket], { stdio: 'ignore', cwd: folder });
  ended.push(() => child.kill('SIGKILL'));
  while (!existsSync(socket)) await new Promise((done) => setTimeout(done, 2));
  return { api: new FirecrackerApi(socket), child };
}

describe.skipIf(binary === undefined)(`Firecracker itself${binary === undefined ? ' (skipped: FIRECRACKER_BIN names none)' : ''}`, () => {
  it('takes a machine that is described rightly', async () => {
    const { api } = await started();
    for (const name of ['kernel', 'base']) writeFileSync(join(folder, name), 'x');
    await api.send('PUT /machine-config', { vcpu_count: 1, mem_size_mib: 128 });
    await api.send('PUT /boot-source', { kernel_image_path: 'kernel', boot_args: 'reboot=k' });
    await api.send('PUT /drives/base', { ...DRIVE, path_on_host: 'base' });
    await api.send('PUT /vsock', { guest_cid: 3, uds_path: 'vsock' });
  });

  it.each([
    ['no memory', (api: FirecrackerApi) => api.send('PUT /machine-config', { vcpu_count: 1, mem_size_mib: 0 }), /memory size/i],
    ['no such kernel', (api: FirecrackerApi) => api.send('PUT /boot-source', { kernel_image_path: 'nowhere' }), /kernel|No such file/i],
    ['no such disk', (api: FirecrackerApi) => api.send('PUT /drives/base', { ...DRIVE, path_on_host: 'nowhere' }), /No such file/],
    ['another name in body and path', (api: FirecrackerApi) => api.send('PUT /drives/base', { ...DRIVE, drive_id: 'app', path_on_host: '.' }), /id/i],
    ['a field that it does not know', (api: FirecrackerApi) => api.send('PATCH /vm', { state: 'Paused', why: 'to see' } as never), /unknown field/],
    ['a pause before the start', (api: FirecrackerApi) => api.send('PATCH /vm', { state: 'Paused' }), /not supported before/],
  ])('refuses %s, and says so', async (_, ask, words) => {
    const { api } = await started();
    await expect(ask(api)).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_REFUSED', message: expect.stringMatching(words) });
  });

  it('a saved machine that is none ends it, with its reason', async () => {
    const { api, child } = await started();
    const exit = new Promise((resolve) => child.once('exit', resolve));
    for (const name of ['state', 'memory']) writeFileSync(join(folder, name), 'x');
    const load = api.send('PUT /snapshot/load', { snapshot_path: 'state', mem_backend: { backend_type: 'File', backend_path: 'memory' }, resume_vm: true });
    await expect(load).rejects.toMatchObject({ code: expect.stringMatching(/^DEJA_FIRECRACKER_(REFUSED|SILENT)$/) });
    await exit;
  });
});
