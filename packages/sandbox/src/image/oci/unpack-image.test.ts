import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { archiveOf, digestOf, dockerArchive, ociLayout, writeFolder, type Files, type ImageParts } from '../../../../../tests/support/image-archive.js';
import type { Entry } from '../../../../../tests/support/tar.js';
import { tar } from '../../../../../tests/support/tar.js';
import { ownCache } from '../../testing/own-cache.js';
import { stored } from '../store.js';
import { DEFAULT_IMAGE_CAPS, type ImageCaps } from './budget.js';
import { imageReference } from './image-reference.js';
import { unpackImage, type UnpackedImage } from './unpack-image.js';

const isRoot = process.getuid?.() === 0;
const folder = ownCache('cache');

async function unpack(named: string, caps?: ImageCaps): Promise<UnpackedImage> {
  const reference = imageReference(named);
  if (!reference) throw new Error(`${named} is no image`);
  return await unpackImage(reference, { owners: 'kept', ...(caps && { caps }) });
}

function archive(files: Files, pack: (bytes: Buffer) => Uint8Array = (bytes) => bytes): string {
  const file = join(folder(), 'shop.tar');
  writeFileSync(file, pack(archiveOf(files)));
  return file;
}

/** The file system of one image with these layers. */
async function merged(...layers: readonly (readonly Entry[])[]): Promise<string> {
  return (await unpack(archive(ociLayout([{ layers }])))).root;
}

function namesIn(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).toSorted();
}

/** What stays of a failure: nothing in the store, nothing beside it. */
function expectNothingLeft(): void {
  const store = join(folder(), 'cache', 'vm');
  expect(existsSync(store) ? readdirSync(store) : []).toEqual([]);
}

async function expectRefused(layers: readonly (readonly Entry[])[], message: string): Promise<void> {
  writeFileSync(join(folder(), 'outside'), 'untouched');
  await expect(merged(...layers)).rejects.toMatchObject({ code: 'DEJA_IMAGE_ARCHIVE_INVALID', message: expect.stringContaining(message) });
  expectNothingLeft();
  expect(readFileSync(join(folder(), 'outside'), 'utf8')).toBe('untouched');
}

const SMALL: ImageParts = { layers: [[{ path: 'app/', type: 'folder' }, { path: 'app/server.js', content: 'serve()' }]], tag: 'shop:1.0' };

/** As zstd's seekable formats: frames of content, and frames to be skipped. */
function inFrames(bytes: Buffer): Buffer {
  return Buffer.concat([zstdCompressSync(bytes.subarray(0, 700)), Buffer.from([0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2]), zstdCompressSync(bytes.subarray(700))]);
}

function tagged(tag: string): ImageParts {
  return { layers: [[{ path: tag.replace(':', '-'), content: tag }]], tag };
}

function builtFor(architecture: string): ImageParts {
  return { layers: [[{ path: architecture, content: 'x' }]], architecture };
}

describe('an archive that is hostile or damaged', () => {
  it.each<[string, readonly (readonly Entry[])[], string]>([
    ['a name with ..', [[{ path: '../outside', content: 'x' }]], 'leads out'],
    ['a name with .. further in', [[{ path: 'app/../../../outside', content: 'x' }]], 'leads out'],
    ['a hard link with ..', [[{ path: 'app', type: 'hard link', target: '../../outside' }]], 'leads out'],
    ['a hard link to nothing', [[{ path: 'app', type: 'hard link', target: '/etc/passwd' }]], 'no file of the image'],
    ['a hard link to a folder', [[{ path: 'etc', type: 'folder' }, { path: 'app', type: 'hard link', target: 'etc' }]], 'no file of the image'],
    ['a hard link in the place of what holds its file', [[{ path: 'a/b', content: 'x' }, { path: 'a', type: 'hard link', target: 'a/b' }]], 'whose place it would take'],
    ['links in circles', [[{ path: 'a', type: 'link', target: 'b' }, { path: 'b', type: 'link', target: 'a' }, { path: 'a/x', content: 'x' }]], 'in circles'],
    ['a file below a file', [[{ path: 'a', content: 'x' }, { path: 'a/b', content: 'x' }]], 'a/b'],
    ['a whiteout of the folder itself', [[{ path: 'a/.wh..', content: '' }]], 'takes away no file'],
    ['a whiteout of the folder above', [[{ path: 'a', type: 'folder' }], [{ path: 'a/.wh...', content: '' }]], 'takes away no file'],
    ['a file whose content cannot be told', [[{ path: 'a', type: 'sparse', content: 'x' }]], 'of a kind that cannot be read'],
  ])('%s', async (_, layers, message) => await expectRefused(layers, message));

  it.each<[string, readonly Entry[]]>([
    ['absolute names', [{ path: '/outside', content: 'x' }]],
    ['a link to the outside, and a file beyond it', [{ path: 'out', type: 'link', target: 'UP' }, { path: 'out/outside', content: 'x' }]],
    ['a relative link to the outside, and a file beyond it', [{ path: 'a/out', type: 'link', target: '../../../../../../../../../../../../../../UP' }, { path: 'a/out/outside', content: 'x' }]],
    ['a link in the place of a file that is written next', [{ path: 'outside', type: 'link', target: 'UP/outside' }, { path: 'outside', content: 'x' }]],
    ['a hard link to a link to the outside', [{ path: 'out', type: 'link', target: 'UP/outside' }, { path: 'same', type: 'hard link', target: 'out' }, { path: 'same', content: 'x' }]],
    ['a folder in the place of a link', [{ path: 'out', type: 'link', target: 'UP' }, { path: 'out', type: 'folder', mode: 0o700 }, { path: 'out/outside', content: 'x' }]],
    ['a whiteout beyond a link', [{ path: 'out', type: 'link', target: 'UP' }, { path: 'out/.wh.outside' }]],
  ])('%s: nothing happens outside', async (_, entries) => {
    const outside = join(folder(), 'outside');
    writeFileSync(outside, 'untouched');
    const mode = statSync(folder()).mode;
    await merged([{ path: 'app', content: 'x' }], entries.map((entry) => ({ ...entry, ...(entry.target !== undefined && { target: entry.target.replace('UP', folder()) }) })));
    expect(readFileSync(outside, 'utf8')).toBe('untouched');
    expect(statSync(folder()).mode).toBe(mode);
  });

  it('devices and pipes are left out', async () => {
    expect(namesIn(await merged([{ path: 'dev/null', type: 'device' }, { path: 'pipe', type: 'fifo' }, { path: 'a', content: 'a' }]))).toEqual(['a']);
  });

  it.each<[string, (bytes: Buffer) => Uint8Array]>([
    ['a tar archive', (bytes) => bytes],
    ['a gzip archive', (bytes) => gzipSync(bytes)],
    ['a zstd archive', (bytes) => zstdCompressSync(bytes)],
  ])('%s that is cut off anywhere is refused, and nothing is left', async (_, pack) => {
    const whole = pack(archiveOf(ociLayout([SMALL])));
    // Behind the last file there are only zeros.
    const end = pack(Buffer.alloc(0)).length === 0 ? whole.length - 1024 - 512 : whole.length - 1;
    for (let bytes = 600; bytes < end; bytes += Math.ceil(end / 40)) {
      const file = join(folder(), `cut-${bytes}.tar`);
      writeFileSync(file, whole.subarray(0, bytes));
      await expect(unpack(file), `${bytes} of ${whole.length} bytes`).rejects.toMatchObject({ code: 'DEJA_IMAGE_ARCHIVE_INVALID' });
      expectNothingLeft();
    }
  });

  it('a blob that holds something else is named', async () => {
    const files = ociLayout([SMALL]);
    for (const [name, bytes] of Object.entries(files).filter(([name]) => name.startsWith('blobs/'))) {
      const changed = Buffer.concat([bytes, Buffer.from(' ')]);
      const promised = name.split('/').at(-1) ?? '';
      await expect(unpack(archive({ ...files, [name]: changed }))).rejects.toMatchObject({ code: 'DEJA_IMAGE_ARCHIVE_INVALID', message: expect.stringMatching(`${promised}.*${digestOf(changed)}`) });
      await expect(unpack(archive(Object.fromEntries(Object.entries(files).filter(([other]) => other !== name))))).rejects.toThrow(`${promised} is not in it`);
    }
    expectNothingLeft();
  });

  it('a layer or a configuration of `docker save` that holds something else is named', async () => {
    const files = dockerArchive([SMALL]);
    for (const [name, bytes] of Object.entries(files).filter(([name]) => name !== 'manifest.json')) {
      const changed = name.endsWith('.tar') ? tar([{ path: 'other', content: 'x' }]) : Buffer.concat([bytes, Buffer.from(' ')]);
      await expect(unpack(archive({ ...files, [name]: changed }))).rejects.toMatchObject({ code: 'DEJA_IMAGE_ARCHIVE_INVALID', message: expect.stringContaining(name) });
    }
    expectNothingLeft();
  });

  it('a blob that is a link to a file of this machine is not read', async () => {
    const layout = writeFolder(join(folder(), 'layout'), ociLayout([SMALL]));
    const blob = join(layout, 'blobs', 'sha256', readdirSync(join(layout, 'blobs', 'sha256'))[0] ?? '');
    writeFileSync(join(folder(), 'real'), readFileSync(blob));
    rmSync(blob);
    symlinkSync(join(folder(), 'real'), blob);
    await expect(unpack(layout)).rejects.toThrow('is not in it');
  });

  it('more entries, bytes or a larger growth than allowed are refused', async () => {
    const zeros = archive(ociLayout([{ layers: [[{ path: 'zeros', content: Buffer.alloc(5_000_000) }, ...Array.from({ length: 10 }, (_, index): Entry => ({ path: `${index}`, content: '' }))]] }]));
    const caps = { ...DEFAULT_IMAGE_CAPS, freelyPackedBytes: 10_000_000 };
    for (const [change, message] of [[{ entries: 8 }, 'entries'], [{ bytes: 4_000_000 }, 'more than 4000000 bytes'], [{ freelyPackedBytes: 1_000_000 }, 'unpack to more']] as const) {
      await expect(unpack(zeros, { ...caps, ...change })).rejects.toMatchObject({ code: 'DEJA_IMAGE_TOO_LARGE', message: expect.stringContaining(message) });
      expectNothingLeft();
    }
    await unpack(zeros, caps);
  });

  it('what no tool writes is refused in words', async () => {
    const odd: readonly Files[] = [
      { 'oci-layout': Buffer.from('{}'), 'index.json': Buffer.from('[') },
      { 'oci-layout': Buffer.from('{}'), 'index.json': Buffer.from('{"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"md5:00"}]}') },
      { 'manifest.json': Buffer.from('{}') },
      { 'manifest.json': Buffer.from('[{"Config":"../../etc/passwd","Layers":[]}]') },
      { 'manifest.json': Buffer.from('[null]') },
      { 'notes.txt': Buffer.from('nothing of the kind') },
    ];
    for (const files of odd) {
      await expect(unpack(archive(files)), Object.keys(files).join()).rejects.toMatchObject({ code: 'DEJA_IMAGE_ARCHIVE_INVALID', hint: expect.stringContaining('docker save') });
    }
    await expect(unpack(archive({ 'oci-layout': Buffer.from('{}'), 'index.json': Buffer.from('{}') }))).rejects.toMatchObject({ code: 'DEJA_IMAGE_NOT_IN_ARCHIVE' });
    expectNothingLeft();
  });
});

describe('layers', () => {
  it('lie over each other; whiteouts take away what is below, and only that', async () => {
    const root = await merged(
      [
        { path: 'etc/', type: 'folder' }, { path: 'etc/old', content: 'old' }, { path: 'etc/kept', content: 'kept' }, { path: 'data/a', content: 'a' }, { path: 'data/sub/b', content: 'b' },
        { path: 'swap', content: 'a file' }, { path: 'tree/leaf', content: 'leaf' }, { path: 'again/before', content: 'x' },
      ],
      [
        { path: 'etc/.wh.old' }, { path: 'data/new', content: 'new' }, { path: 'data/sub/c', content: 'c' }, { path: 'data/.wh..wh..opq' }, { path: 'swap/', type: 'folder' }, { path: 'swap/in', content: 'in' },
        { path: 'tree', content: 'a file now' }, { path: 'again/after', content: 'x' }, { path: '.wh.again' }, { path: '.wh.never-was' }, { path: 'nowhere/.wh.x' },
      ],
    );
    expect(namesIn(root)).toEqual(['again', 'again/after', 'data', 'data/new', 'data/sub', 'data/sub/c', 'etc', 'etc/kept', 'swap', 'swap/in', 'tree']);
    expect(readFileSync(join(root, 'tree'), 'utf8')).toBe('a file now');
  });

  it('names, links, modes and owners are as the archive has them', async () => {
    const long = `${'long/'.repeat(40)}ünï.txt`;
    const root = await merged(
      [
        { path: './usr/lib/', type: 'folder', mode: 0o711 }, { path: 'lib', type: 'link', target: 'usr/lib' }, { path: 'lib64', type: 'link', target: '/usr/lib' }, { path: long, content: 'deep' },
        { path: 'bin/tool', content: 'tool', mode: 0o4755, uid: 7, gid: 8 }, { path: 'bin/same', type: 'hard link', target: '/bin/tool' }, { path: 'secret/', type: 'folder', mode: 0o500 },
      ],
      [{ path: 'lib/libc.so', content: 'c' }, { path: 'lib64/ld.so', content: 'ld' }, { path: 'secret/x', content: 'x' }],
    );
    expect(readdirSync(join(root, 'usr/lib')).toSorted()).toEqual(['ld.so', 'libc.so']);
    expect(readlinkSync(join(root, 'lib64'))).toBe('/usr/lib');
    expect(readFileSync(join(root, long), 'utf8')).toBe('deep');
    const [tool, same] = [lstatSync(join(root, 'bin/tool')), lstatSync(join(root, 'bin/same'))];
    expect([tool.mode & 0o7777, tool.ino]).toEqual([0o4755, same.ino]);
    if (isRoot) expect([tool.uid, tool.gid, lstatSync(join(root, 'bin')).mode & 0o777, lstatSync(join(root, 'usr/lib')).mode & 0o777]).toEqual([7, 8, 0o755, 0o711]);
    expect(readFileSync(join(root, 'secret/x'), 'utf8')).toBe('x');
  });

  it('may be packed by gzip, by zstd in several frames, or not at all, and be empty', async () => {
    const packs: readonly ImageParts['pack'][] = [gzipSync, zstdCompressSync, inFrames, (bytes) => bytes];
    for (const [index, pack] of packs.entries()) {
      const layers = [[{ path: `a${index}`, content: 'x'.repeat(2000) }, { path: 'b', content: 'b' }], []];
      expect(namesIn((await unpack(archive(ociLayout([{ layers, ...(pack && { pack }) }])))).root)).toEqual([`a${index}`, 'b']);
    }
  });
});

describe('an archive', () => {
  it('is an image layout in a folder, in an archive packed or not, in a folder of an archive, or either form of docker save', async () => {
    const layout = ociLayout([SMALL]);
    const inFolder = Object.fromEntries(Object.entries(layout).map(([name, bytes]) => [`shop/${name}`, bytes]));
    const hybrid = { ...layout, 'manifest.json': Buffer.from('[]') };
    const named = [
      writeFolder(join(folder(), 'layout'), layout), ...[layout, inFolder, hybrid, dockerArchive([SMALL])].flatMap((files, index) =>
        [(bytes: Buffer) => bytes, gzipSync, zstdCompressSync].map((pack, kind) => {
          const file = join(folder(), `${index}-${kind}`);
          writeFileSync(file, pack(archiveOf(files)));
          return file;
        }),
      ),
    ];
    const found = [];
    for (const each of named) found.push(await unpack(each));
    for (const { root } of found) expect(readFileSync(join(root, 'app/server.js'), 'utf8')).toBe('serve()');
    // By its manifest an image is the same wherever it comes from; the old form has none.
    expect(new Set(found.map(({ digest }) => digest)).size).toBe(2);
    expect(stored().map(({ kind }) => kind)).toEqual(['image', 'image']);
    expect(statSync(stored()[0]?.path ?? '').mode & 0o777).toBe(0o700);
  });

  it('in which docker save shared a layer', async () => {
    const { 'manifest.json': manifest = Buffer.from(''), ...files } = dockerArchive([SMALL]);
    const layer = Object.keys(files).find((name) => name.endsWith('layer.tar')) ?? '';
    const second = 'other/layer.tar';
    const document = manifest.toString().replace(layer, second);
    const file = join(folder(), 'shared.tar');
    const contents = Object.entries({ ...files, 'manifest.json': Buffer.from(document) }).map(([path, content]): Entry => ({ path, content }));
    writeFileSync(file, tar([{ path: second, type: 'link', target: `../${layer}` }, ...contents]));
    expect(namesIn((await unpack(file)).root)).toEqual(['app', 'app/server.js']);
  });

  it('is not gone through again as long as it is the same', async () => {
    const file = archive(ociLayout([SMALL]));
    const said: string[] = [];
    const again = async (): Promise<UnpackedImage> => await unpackImage({ path: file }, { onUnpack: (name) => said.push(name) });
    const { root } = await again();
    writeFileSync(join(root, 'mark'), '');
    expect(namesIn((await again()).root)).toContain('mark');
    expect(said).toEqual(['shop.tar']);
    archive(ociLayout([{ layers: [[{ path: 'other', content: 'x' }]] }]));
    expect(namesIn((await again()).root)).toEqual(['other']);
    expect(said.length).toBe(2);
  });

  it('may hold several images: which is meant has to be said', async () => {
    for (const files of [ociLayout([tagged('shop:1.0'), tagged('shop:2.0')]), dockerArchive([tagged('shop:1.0'), tagged('shop:2.0')])]) {
      const file = archive(files);
      await expect(unpack(file)).rejects.toMatchObject({ code: 'DEJA_IMAGE_AMBIGUOUS', message: expect.stringContaining('shop:1.0, shop:2.0'), hint: expect.stringContaining(`${file}#shop:1.0`) });
      await expect(unpack(`${file}#shop:3.0`)).rejects.toMatchObject({ code: 'DEJA_IMAGE_NOT_IN_ARCHIVE', message: expect.stringContaining('shop:1.0, shop:2.0') });
      expect(namesIn((await unpack(`${file}#shop:2.0`)).root)).toEqual(['shop-2.0']);
      expect(namesIn((await unpack(`${file}#1.0`)).root)).toEqual(['shop-1.0']);
    }
  });

  it('may hold several platforms, of which others may be names alone', async () => {
    for (const nested of [true, false]) {
      const files = ociLayout([builtFor('s390x'), SMALL, builtFor('ppc64le')], nested);
      expect(namesIn((await unpack(archive(files))).root)).toEqual(['app', 'app/server.js']);
    }
    await expect(unpack(archive(ociLayout([builtFor('s390x')], true)))).rejects.toMatchObject({ code: 'DEJA_IMAGE_NOT_IN_ARCHIVE', message: expect.stringContaining('linux/s390x') });
  });
});

describe('what --app names', () => {
  it('is an image only where it is one', () => {
    const file = archive(ociLayout([SMALL]));
    const layout = writeFolder(join(folder(), 'layout'), ociLayout([SMALL]));
    mkdirSync(join(folder(), 'app#1'));
    writeFileSync(join(folder(), 'server.js'), 'serve()\n'.repeat(100));
    writeFileSync(join(folder(), 'empty'), '');
    expect(imageReference(file)).toEqual({ path: file });
    expect(imageReference(`${file}#shop:1.0`)).toEqual({ path: file, tag: 'shop:1.0' });
    expect(imageReference(`${layout}#1`)).toEqual({ path: layout, tag: '1' });
    for (const name of ['app#1', 'server.js', 'empty', 'nowhere', 'nowhere#1', '', 'server.js#1']) expect(imageReference(join(folder(), name)), name).toBeUndefined();
  });
});
