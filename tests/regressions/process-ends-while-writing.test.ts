import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { readPackage } from '@deja/format/node';
import { writePackageFile } from '@deja/format/writer';
import { afterAll, expect, test } from 'vitest';
import { deja } from '../support/deja.ts';
import { examplePackage } from '../support/example-package.ts';

const cwd = mkdtempSync(join(tmpdir(), 'deja-ends-'));
afterAll(() => rmSync(cwd, { recursive: true }));

/** Ends its process as soon as the package's temporary file shows, or some milliseconds later. The bodies make the writing last. */
writeFileSync(join(cwd, 'service.mjs'), `
import { createServer } from 'node:http';
import { existsSync, readdirSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
const self = () => 'http://127.0.0.1:' + server.address().port;
const server = createServer(async (request, response) => {
  if (request.url === '/noise') return response.end(randomBytes(200_000));
  for (let n = 0; n < 30; n += 1) await (await fetch(self() + '/noise')).arrayBuffer();
  response.statusCode = 500;
  response.end();
});
server.listen(0, async () => {
  await (await fetch(self())).text();
  const out = process.env.DEJA_OUT;
  const shows = () => existsSync(out) && readdirSync(out).length > 0;
  const patience = performance.now() + 5000;
  while (!shows() && performance.now() < patience) await new Promise((resolve) => setImmediate(resolve));
  const until = performance.now() + Number(process.argv[2]);
  while (performance.now() < until);
  process.exit();
});
`);

test.each([0, 1, 3])('a process that ends while its package is written (%i ms in) leaves one whole file and no complaint', async (ms) => {
  const out = join(cwd, 'out');
  const { stderr } = await deja(['run', '--quiet', '--out', 'out', '--', process.execPath, 'service.mjs', String(ms)], { cwd });
  const files = readdirSync(out);
  const packages = await Promise.all(files.map((file) => readPackage(join(out, file))));
  rmSync(out, { recursive: true });
  expect(stderr).toBe('');
  expect(packages.map(({ failure }) => failure?.origin)).toEqual(['response']);
});

/** The writing thread and the end of the process went through the same temporary file: one of them said that it exists already. */
test('two threads may write the same package at once', async () => {
  const pkg = examplePackage();
  const path = join(cwd, 'same.deja');
  const worker = new Worker(`
    const { workerData: { path, pkg }, parentPort } = require('node:worker_threads');
    import(${JSON.stringify(import.meta.resolve('@deja/format/writer'))}).then(({ writePackageFile }) => {
      parentPort.postMessage('ready');
      for (let n = 0; n < 300; n += 1) writePackageFile(path, pkg);
      parentPort.postMessage('done');
    });
  `, { eval: true, workerData: { path, pkg } });
  await once(worker, 'message');
  for (let n = 0; n < 300; n += 1) writePackageFile(path, pkg);
  await once(worker, 'message');
  await worker.terminate();
  expect((await readPackage(path)).manifest).toEqual(pkg.manifest);
});
