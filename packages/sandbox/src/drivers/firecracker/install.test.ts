/** Against a real server on loopback, which serves what a bad network, a bad mirror or a bad neighbour would. */
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { archive, archiveOf, claiming, releaseMembers, type Archive } from '../../testing/firecracker-archive.js';
import { installFirecracker, type InstallOptions } from './install.js';
import { firecrackerRelease } from './release.js';

const release = firecrackerRelease();
const [firecracker, jailer] = releaseMembers();
let good: Archive;
let folder: string;
let server: Server;
let base: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let asked: string[];

beforeAll(async () => {
  good = await archiveOf(releaseMembers());
});
beforeEach(async () => {
  for (const name of ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY']) delete process.env[name];
  folder = mkdtempSync(join(tmpdir(), 'deja-firecracker-'));
  asked = [];
  answer = (_, response) => void response.end(good.bytes);
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  rmSync(folder, { recursive: true });
});

const place = (): string => join(folder, 'cache', 'firecracker', `v1.16.1-${release.architecture}`);

function install(options: InstallOptions = {}): ReturnType<typeof installFirecracker> {
  return installFirecracker({ from: base, sha256: good.sha256, env: { DEJA_CACHE: join(folder, 'cache') }, ...options });
}

/** Serves these bytes, which are as expected: it is what they are that is wrong. */
async function installing({ bytes, sha256 }: Archive): Promise<unknown> {
  answer = (_, response) => void response.end(bytes);
  return await install({ sha256 });
}

function left(): readonly string[] {
  return existsSync(join(folder, 'cache', 'firecracker')) ? readdirSync(join(folder, 'cache', 'firecracker')) : [];
}

describe('nothing is installed, and nothing is left, when', () => {
  afterEach(() => expect(left()).toEqual([]));

  test('the archive is not the pinned one', async () => {
    await expect(install({ sha256: undefined })).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_CHECKSUM', message: expect.stringContaining(`its SHA-256 is ${good.sha256}, not ${release.sha256}`) });
  });

  test('it is not the one whose hash was given', async () => {
    await expect(install({ sha256: 'ab'.repeat(32) })).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_CHECKSUM', hint: expect.stringContaining('--sha256') });
  });

  test('the connection is closed half-way', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': good.bytes.length });
      response.write(good.bytes.subarray(0, 100), () => response.destroy());
    };
    await expect(install()).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_DOWNLOAD', message: expect.stringContaining(`the connection was closed, after 100 bytes of ${good.bytes.length}`) });
  });

  test('it ends half-way and nobody said how long it is', async () => {
    answer = (_, response) => {
      response.useChunkedEncodingByDefault = false;
      response.shouldKeepAlive = false;
      response.end(good.bytes.subarray(0, 100));
    };
    await expect(install()).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_CHECKSUM' });
  });

  test('nothing comes any more', async () => {
    answer = (_, response) => void response.write(good.bytes.subarray(0, 100));
    await expect(install({ patienceMs: 100 })).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_DOWNLOAD', message: expect.stringContaining('nothing came for 0.1 s, after 100 bytes') });
  });

  test('the server never answers', async () => {
    answer = () => undefined;
    await expect(install({ patienceMs: 100 })).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_DOWNLOAD', message: expect.stringContaining('nothing came for 0.1 s') });
  });

  test('there is no server', async () => {
    await expect(install({ from: 'http://127.0.0.1:1' })).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_DOWNLOAD', message: expect.stringContaining('ECONNREFUSED'), hint: expect.stringContaining('--from FILE') });
    // Not even the folders in which it would have been.
    expect(readdirSync(folder)).toEqual([]);
    mkdirSync(join(folder, 'cache'));
    await expect(install({ from: 'http://127.0.0.1:1' })).rejects.toThrow('ECONNREFUSED');
    expect(readdirSync(folder)).toEqual(['cache']);
    expect(readdirSync(join(folder, 'cache'))).toEqual([]);
  });

  test('the server has no such file', async () => {
    answer = (_, response) => void response.writeHead(404).end('nowhere');
    await expect(install()).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_DOWNLOAD', message: `${base}/${release.archive} cannot be had: HTTP 404 Not Found` });
  });

  test('it is redirected for ever', async () => {
    answer = (request, response) => void response.writeHead(302, { location: request.url }).end();
    await expect(install()).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_DOWNLOAD', message: expect.stringContaining('redirected more than 10 times') });
    expect(asked).toHaveLength(11);
  });

  test('it is redirected to a file of this machine', async () => {
    answer = (_, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    await expect(install()).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_DOWNLOAD', message: expect.stringContaining('HTTP 302') });
  });

  test('it says that it is too large', async () => {
    answer = (_, response) => response.writeHead(200, { 'content-length': 1e12 }).flushHeaders();
    await expect(install()).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_DOWNLOAD', message: expect.stringContaining('1000000000000 bytes or more') });
  });

  test('it does not end', async () => {
    answer = (_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(1024 * 1024)));
        response.once('drain', more);
      };
      more();
    };
    await expect(install()).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_DOWNLOAD', message: expect.stringMatching(/has \d+ bytes or more/) });
  });

  test('somebody interrupts', async () => {
    const interrupted = new AbortController();
    answer = (_, response) => void response.write(good.bytes.subarray(0, 100));
    await expect(install({ signal: interrupted.signal, onProgress: () => interrupted.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('the file does not exist', async () => {
    await expect(install({ from: join(folder, 'nothing.tgz') })).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_DOWNLOAD', message: expect.stringContaining('ENOENT') });
  });

  test('it is no archive', async () => {
    await expect(installing(archive(Buffer.from('<html>please log in</html>')))).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_ARCHIVE', message: expect.stringContaining('incorrect header check') });
    await expect(installing(archive(gzipSync('<html>please log in</html>')))).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_ARCHIVE' });
    await expect(installing(archive(good.bytes.subarray(0, -20)))).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_ARCHIVE', message: expect.stringContaining('unexpected end of file') });
  });

  test('the programs are not in it', async () => {
    await expect(installing(await archiveOf([{ name: 'README', text: 'hello' }]))).rejects.toMatchObject({
      code: 'DEJA_FIRECRACKER_ARCHIVE', message: expect.stringContaining(`it has no ${release.members.firecracker} and no ${release.members.jailer}`),
    });
    await expect(installing(await archiveOf([firecracker]))).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_ARCHIVE', message: expect.stringContaining(`it has no ${release.members.jailer}`) });
  });

  test('names in it lead out of the folder', async () => {
    const paths = ['../../../evil', `${folder}/evil`, `${release.members.firecracker}/../../../evil`, `../${release.members.firecracker}`];
    await expect(installing(await archiveOf([...paths.map((name) => ({ name, text: 'evil' })), jailer]))).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_ARCHIVE', message: expect.stringContaining('it has no ') });
    expect(readdirSync(folder, { recursive: true })).toEqual([]);
  });

  test('a program in it is a link', async () => {
    await expect(installing(await archiveOf([{ name: release.members.firecracker, linkTo: '/bin/sh' }, jailer]))).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_ARCHIVE', message: expect.stringContaining('is no file (symlink)') });
  });

  test('a program in it is larger than any Firecracker', async () => {
    await expect(installing(await archiveOf([{ name: release.members.firecracker, text: ' '.repeat(65 * 1024 * 1024) }, jailer]))).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_ARCHIVE', message: expect.stringContaining('has 68157440 bytes') });
  });

  test('it is of another version', async () => {
    await expect(installing(await archiveOf(releaseMembers('1.15.0')))).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_UNUSABLE', message: expect.stringMatching(/^firecracker of .* is version 1\.15\.0; Firecracker 1\.16\.1 or a later 1\.16\.x is needed$/) });
  });

  test('its programs do not run here', async () => {
    await expect(installing(await archiveOf([{ ...firecracker, text: '\u007fELF of another machine' }, jailer]))).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_UNUSABLE', message: expect.stringContaining(`firecracker of ${base}/${release.archive} does not run: it is a program for another kind of machine`) });
  });
});

test('where the cache cannot be, it is said how to name another', async () => {
  writeFileSync(join(folder, 'cache'), '');
  await expect(install()).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_NOT_INSTALLED', hint: 'Name a place that you may write to: DEJA_CACHE=DIR' });
  expect(asked).toEqual([]);
});

test('addresses that cannot be meant', async () => {
  await expect(install({ from: 'ftp://127.0.0.1' })).rejects.toMatchObject({ code: 'DEJA_USAGE' });
  const secret = await install({ from: 'http://me:hunter2@127.0.0.1/' }).catch((error: unknown) => error as Error);
  expect(secret).toMatchObject({ code: 'DEJA_USAGE', message: expect.not.stringContaining('hunter2') });
});

describe('installed', () => {
  test('from the place that has it; and then no more', async () => {
    const steps: (number | undefined)[] = [];
    const first = await install({ onProgress: ({ received, total }) => steps.push(received, total) });
    expect(first).toMatchObject({ version: '1.16.1', from: `${base}/${release.archive}`, sha256: good.sha256, firecracker: join(place(), 'firecracker'), jailer: join(place(), 'jailer'), installed: true });
    expect(steps.slice(-2)).toEqual([good.bytes.length, good.bytes.length]);
    expect(left()).toEqual([`v1.16.1-${release.architecture}`]);
    expect(readdirSync(place()).toSorted()).toEqual(['firecracker', 'installation.json', 'jailer']);
    expect(readFileSync(first.firecracker, 'utf8')).toBe(claiming('Firecracker', '1.16.1'));
    expect(statSync(first.jailer).mode & 0o111).toBe(0o111);
    expect(await install()).toMatchObject({ installed: false, from: first.from });
    expect(asked).toEqual([`/${release.archive}`]);
  });

  test('from the address of the archive, redirected', async () => {
    answer = (request, response) => void (request.url === '/elsewhere' ? response.end(good.bytes) : response.writeHead(302, { location: '/elsewhere' }).end('over there'));
    expect(await install({ from: `${base}/mine.tar.gz?token=1` })).toMatchObject({ installed: true, from: `${base}/mine.tar.gz` });
    expect(asked).toEqual(['/mine.tar.gz?token=1', '/elsewhere']);
  });

  test('from a server that calls it encoded', async () => {
    answer = (_, response) => void response.writeHead(200, { 'content-encoding': 'x-gzip' }).end(good.bytes);
    expect(await install()).toMatchObject({ installed: true });
  });

  test('from an archive whose names begin with ./, the first of each name', async () => {
    const { bytes, sha256 } = await archiveOf([...releaseMembers().map((member) => ({ ...member, name: `./${member.name}` })), { ...firecracker, text: 'another' }]);
    answer = (_, response) => void response.end(bytes);
    expect(readFileSync((await install({ sha256 })).firecracker, 'utf8')).toBe(claiming('Firecracker', '1.16.1'));
  });

  test('from a file, and from a folder that has it', async () => {
    const file = join(folder, release.archive);
    writeFileSync(file, good.bytes);
    expect(await install({ from: file })).toMatchObject({ installed: true, from: file });
    expect(await install({ from: folder, force: true })).toMatchObject({ installed: true, from: file });
    expect(await install({ from: `file://${folder}`, force: true })).toMatchObject({ installed: true, from: file });
    expect(left()).toHaveLength(1);
  });

  test('again: when it is damaged, when another is wanted, when told to', async () => {
    const { jailer: path } = await install();
    chmodSync(path, 0o755);
    writeFileSync(path, claiming('Jailer', '0.0.0'));
    expect(await install()).toMatchObject({ installed: true });
    expect(readFileSync(path, 'utf8')).toBe(claiming('Jailer', '1.16.1'));
    const other = await archiveOf(releaseMembers('1.16.2'));
    answer = (_, response) => void response.end(other.bytes);
    expect(await install({ sha256: other.sha256 })).toMatchObject({ installed: true, sha256: other.sha256, version: '1.16.2' });
    expect(await install({ sha256: other.sha256, force: true })).toMatchObject({ installed: true });
    expect(asked).toHaveLength(4);
  });

  test('what was there stays when another cannot be had', async () => {
    const { firecracker: path } = await install();
    answer = (_, response) => void response.end('nonsense');
    await expect(install({ force: true })).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_CHECKSUM' });
    expect(readFileSync(path, 'utf8')).toBe(claiming('Firecracker', '1.16.1'));
    expect(left()).toHaveLength(1);
  });

  test('by several at once', async () => {
    expect(await Promise.all([install(), install(), install()])).toMatchObject([{ sha256: good.sha256 }, { sha256: good.sha256 }, { sha256: good.sha256 }]);
    expect(left()).toHaveLength(1);
    expect(await install()).toMatchObject({ installed: false });
  });

  test('by several at once, over one that is there: each moves it aside, none finds it gone', async () => {
    await install();
    for (let round = 0; round < 5; round += 1) {
      const all = await Promise.all(Array.from({ length: 8 }, () => install({ force: true })));
      expect(all.map(({ sha256 }) => sha256)).toEqual(Array.from({ length: 8 }, () => good.sha256));
    }
    expect(left()).toHaveLength(1);
  });
});

describe('through the proxy of the environment', () => {
  afterEach(() => {
    delete process.env['http_proxy'];
    delete process.env['https_proxy'];
  });

  test('what is asked for without TLS', async () => {
    process.env['http_proxy'] = base;
    expect(await install({ from: 'http://mirror.invalid/' })).toMatchObject({ installed: true });
    expect(asked).toEqual([`http://mirror.invalid/${release.archive}`]);
  });

  test('what is asked for with TLS, by a tunnel that is refused', async () => {
    process.env['https_proxy'] = base;
    const wanted: (string | undefined)[] = [];
    server.on('connect', ({ url }, socket) => {
      wanted.push(url);
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    await expect(install({ from: 'https://mirror.invalid/' })).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_DOWNLOAD', message: expect.stringContaining('403') });
    expect(wanted).toEqual(['mirror.invalid:443']);
  });
});
