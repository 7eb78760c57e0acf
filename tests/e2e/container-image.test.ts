/** The code of a reproduction comes out of a container image, of which virtual machines get everything. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { probeSandbox } from '@deja/sandbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deja } from '../support/deja.ts';
import { dejaRun } from '../support/deja-run.ts';
import { freePort } from '../support/free-port.ts';
import { archiveOf, ociLayout } from '../support/image-archive.ts';
import type { Entry } from '../support/tar.ts';
import { packagesIn, reproduce, verdictsOf } from './real-apps/deja.ts';

const [machine, namespace] = await Promise.all([probeSandbox('qemu'), probeSandbox('namespace')]);
const isRoot = process.getuid?.() === 0;
const USER = isRoot ? { uid: 1234, gid: 4321 } : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const cwd = realpathSync(mkdtempSync('/var/tmp/deja-container-'));
/** Where the application and its data are: recorded there, and in the image. */
const app = join(cwd, 'srv', 'greeter');
const data = join(cwd, 'data', 'greetings.json');
const image = join(cwd, 'greeter.tar');
let recorded = '';
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

/** Fails always in the same way, and prints what it sees around it. */
const GREETER = `
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
const { uid, gid } = { uid: process.getuid(), gid: process.getgid() };
const change = (file) => {
  try {
    const before = readFileSync(file, 'utf8');
    writeFileSync(file, 'changed');
    return before;
  } catch (error) {
    return error.code;
  }
};
createServer((request, response) => {
  console.log('seen: ' + JSON.stringify({
    ofImage: existsSync('/etc/of-the-image'), takenAway: existsSync('/etc/taken-away'), ofMachine: existsSync('/usr/bin/setpriv'), data: existsSync(process.env.DATA),
    node: readFileSync(process.execPath).subarray(-12).toString() === 'of the image', own: change('notes.txt'), others: change(process.env.DATA), uid, gid,
  }));
  console.error(new Error('nobody to greet'));
  response.statusCode = 500;
  response.end();
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('greeter is listening'));
`;

/** What a program needs to run: itself, its libraries and their loader, where they name each other. No shell, no programs of a system. */
function withLibraries(program: string): readonly Entry[] {
  const libraries = execFileSync('ldd', [program], { encoding: 'utf8' }).split('\n').flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []);
  // Bytes behind a program's end are of no consequence to it.
  const content = Buffer.concat([readFileSync(program), Buffer.from('of the image')]);
  return [{ path: program, content, mode: 0o755 }, ...libraries.map((path): Entry => ({ path, content: readFileSync(path), mode: 0o755 }))];
}

function layers(): readonly (readonly Entry[])[] {
  const below: readonly Entry[] = [...withLibraries(process.execPath), { path: '/etc/taken-away', content: 'x' }, { path: join(app, 'server.js'), content: 'an old release' }];
  const above: readonly Entry[] = [
    { path: '/etc/.wh.taken-away' }, { path: '/etc/of-the-image', content: 'x' }, { path: data, content: 'of root' },
    { path: '/etc/passwd', content: `root:x:0:0:root:/root:/bin/sh\ngreeter:x:${USER.uid}:${USER.gid}:greeter:/nowhere:/bin/false\n` },
    { path: app, type: 'folder', ...USER }, ...['server.js', 'package.json', 'notes.txt'].map((name): Entry => ({ path: join(app, name), content: readFileSync(join(app, name)), ...USER })),
  ];
  return [below, above];
}

function seenIn(output: string): unknown {
  return JSON.parse(/seen: (.*)/.exec(output)?.[1] ?? 'null');
}

beforeAll(async () => {
  const out = join(cwd, 'out');
  for (const folder of [app, dirname(data), out]) mkdirSync(folder, { recursive: true });
  for (const folder of [cwd, out]) chmodSync(folder, 0o777);
  writeFileSync(join(app, 'package.json'), '{"name":"greeter","version":"1.0.0","type":"module"}');
  writeFileSync(join(app, 'server.js'), GREETER);
  writeFileSync(join(app, 'notes.txt'), 'nothing');
  const port = await freePort();
  const asUser = isRoot ? ['setpriv', `--reuid=${USER.uid}`, `--regid=${USER.gid}`, '--clear-groups', '--'] : [];
  // It was not observed in its image: what it reads outside of its folder is to be the image's.
  const running = await dejaRun([...asUser, process.execPath, 'server.js'], { out, ready: 'greeter is listening', cwd: app, env: { DEJA_FILES: 'off', PORT: String(port), DATA: data } });
  await fetch(`http://127.0.0.1:${port}/`);
  await running.stop();
  recorded = packagesIn(out)[0] ?? '';
  writeFileSync(image, archiveOf(ociLayout([{ layers: layers(), tag: 'greeter:1.0', pack: (layer) => zstdCompressSync(layer) }])));
  // Whoever has the image has nothing else of the application.
  for (const folder of [join(cwd, 'srv'), dirname(data)]) rmSync(folder, { recursive: true });
});

describe('a container image', () => {
  it.skipIf(!machine.works)(`is the whole system of an application in a virtual machine${machine.works ? '' : ` (skipped: ${machine.reason})`}`, { timeout: 240_000 }, async () => {
    const { code, document, stderr } = await reproduce(cwd, [recorded, '--sandbox', 'qemu', '--app', image, '--no-control', '--verbose']);
    expect({ code, verdicts: verdictsOf(document), differences: document.differences }, stderr).toEqual({ code: 0, verdicts: ['reproduced'], differences: [] });
    const others = isRoot ? 'EACCES' : 'of root';
    expect(seenIn(stderr)).toEqual({ ofImage: true, takenAway: false, ofMachine: false, data: true, node: true, own: 'nothing', others, ...USER });
  });

  it.skipIf(!namespace.works)(`is where other sandboxes find the code${namespace.works ? '' : ` (skipped: ${namespace.reason})`}`, async () => {
    for (const sandbox of ['namespace', 'process']) {
      const runs = [];
      for (let run = 0; run < 2; run++) runs.push(await reproduce(cwd, [recorded, '--sandbox', sandbox, '--app', `${image}#greeter:1.0`, '--no-control', '--verbose']));
      for (const { document, stderr } of runs) {
        expect(verdictsOf(document), stderr).toEqual(['reproduced']);
        // What the run before wrote is not in the image.
        expect(seenIn(stderr)).toMatchObject({ ofImage: false, data: false, node: false, own: 'nothing', others: 'ENOENT' });
      }
    }
  });

  it('in which the application was not recorded is named, with the folder that it lacks', async () => {
    const other = join(cwd, 'other.tar');
    writeFileSync(other, archiveOf(ociLayout([{ layers: [[{ path: 'etc/passwd', content: 'x' }]] }])));
    const { code, stderr } = await deja(['reproduce', recorded, '--app', other], { cwd });
    expect(code).toBe(5);
    expect(stderr).toContain(`the image other.tar has no folder ${app}`);
  });
});
