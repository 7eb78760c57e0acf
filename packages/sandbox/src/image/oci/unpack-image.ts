import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { vmFolder } from '../cache-folder.js';
import { draftFor, makeOnce, markUsed } from '../make-once.js';
import { imageFolder, isLayout, unpackArchive } from './archive-folder.js';
import { cannotUnpack, invalidArchive } from './archive-error.js';
import { Blobs } from './blobs.js';
import { Budget, DEFAULT_IMAGE_CAPS, type ImageCaps } from './budget.js';
import { chooseImage, type ChosenImage } from './choose.js';
import { dockerImages } from './docker-archive.js';
import type { ImageReference } from './image-reference.js';
import { Layer } from './layer.js';
import { layoutImages } from './oci-layout.js';
import { unpackedBytes } from './packed-file.js';

/** Raise when the same image gives another root file system. */
const VERSION = 1;
const DESCRIPTION = 'image.json';
/** An empty file for each archive from which it came. */
const SOURCES = 'sources';

export interface UnpackOptions {
  /** `kept`: as the archive says, where Deja runs as root. `own`: all is whoever's runs Deja, as where there is one user only. Default: `own`. */
  readonly owners?: 'kept' | 'own';
  readonly caps?: ImageCaps;
  /** Called where it takes a while: it is not there yet. */
  readonly onUnpack?: (name: string) => void;
}

/** A container image's whole file system, as a folder of this machine. */
export interface UnpackedImage {
  readonly root: string;
  /** Of its manifest; where it has none, of its configuration. */
  readonly digest: string;
  /** For people: the archive, and the name in it. */
  readonly name: string;
}

/**
 * The root file system of an image, unpacked unless it is there already: known by the digest of its manifest. Extended attributes are left out.
 * @throws DejaError DEJA_IMAGE_ARCHIVE_INVALID, DEJA_IMAGE_TOO_LARGE, DEJA_IMAGE_AMBIGUOUS, DEJA_IMAGE_NOT_IN_ARCHIVE
 */
export async function unpackImage(reference: ImageReference, { owners = 'own', caps = DEFAULT_IMAGE_CAPS, onUnpack }: UnpackOptions = {}): Promise<UnpackedImage> {
  const { path, tag } = reference;
  const name = tag === undefined ? basename(path) : `${basename(path)}#${tag}`;
  const unpacking = { reference, caps, keepsOwners: owners === 'kept' && process.getuid?.() === 0 };
  const known = knownImage(unpacking);
  if (known === undefined) onUnpack?.(name);
  const folder = known ?? (statSync(path).isDirectory() ? await fromFolder(path, unpacking) : await fromFile(unpacking));
  const { digest } = JSON.parse(readFileSync(join(folder, DESCRIPTION), 'utf8')) as { digest: string };
  return { root: realpathSync(join(folder, 'root')), digest, name };
}

interface Unpacking {
  readonly reference: ImageReference;
  readonly caps: ImageCaps;
  readonly keepsOwners: boolean;
}

async function fromFile(unpacking: Unpacking): Promise<string> {
  const { reference, caps } = unpacking;
  const draft = draftFor(join(vmFolder(), 'archive'));
  mkdirSync(draft, { mode: 0o700 });
  try {
    await unpackArchive(basename(reference.path), reference.path, draft, new Budget(basename(reference.path), caps));
    const folder = imageFolder(draft);
    if (folder === undefined) throw invalidArchive(basename(reference.path), 'it has neither an oci-layout with an index.json nor a manifest.json');
    return await fromFolder(folder, unpacking);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

async function fromFolder(folder: string, unpacking: Unpacking): Promise<string> {
  const { reference, caps, keepsOwners } = unpacking;
  const archive = basename(reference.path);
  const budget = new Budget(archive, caps);
  const blobs = new Blobs(archive, folder, budget);
  const images = isLayout(folder) ? await layoutImages(blobs) : await dockerImages(blobs, budget);
  const image = await chooseImage(images, { archive: reference.path, ...(reference.tag === undefined ? {} : { tag: reference.tag }) });
  if (image.layers.length > caps.layers) throw invalidArchive(archive, `its image has ${image.layers.length} layers`);
  const made = await makeOnce(join(vmFolder(), `${prefixOf(unpacking)}${image.digest.slice('sha256:'.length, 'sha256:'.length + 16)}`), async (draft) => {
    // Programs in it may have special rights: they are out of reach of others on this machine.
    mkdirSync(draft, { mode: 0o700 });
    for (const name of ['root', SOURCES]) mkdirSync(join(draft, name));
    writeFileSync(join(draft, DESCRIPTION), JSON.stringify({ digest: image.digest }));
    await merge(archive, image, (path) => new Layer(join(draft, 'root'), budget, keepsOwners).apply(unpackedBytes(path, budget)));
  });
  writeFileSync(join(made, SOURCES, sourceOf(reference)), '');
  return made;
}

/** Lays the layers over each other. */
async function merge(archive: string, { layers }: ChosenImage, apply: (path: string) => Promise<void>): Promise<void> {
  for (const layer of layers) {
    const path = await layer.verified();
    try {
      await apply(path);
    } catch (cause) {
      throw cannotUnpack(archive, `${layer.name} cannot be unpacked`, cause as Error);
    }
  }
}

/** What was unpacked from this file before, as long as that did not change: going through a large archive takes seconds. */
function knownImage(unpacking: Unpacking): string | undefined {
  if (!existsSync(vmFolder())) return undefined;
  const folders = readdirSync(vmFolder()).filter((name) => name.startsWith(prefixOf(unpacking)));
  const source = sourceOf(unpacking.reference);
  const known = folders.map((name) => join(vmFolder(), name)).find((folder) => existsSync(join(folder, SOURCES, source)));
  if (known !== undefined) markUsed(known);
  return known;
}

function prefixOf({ keepsOwners }: Unpacking): string {
  return `image-${VERSION}-${keepsOwners ? 'owners' : 'own'}-`;
}

function sourceOf({ path, tag }: ImageReference): string {
  const file = statSync(path).isDirectory() ? join(path, 'index.json') : path;
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
  return createHash('sha256').update([realpathSync(path), tag ?? '', dev, ino, size, mtimeNs, ctimeNs].join('\0')).digest('hex').slice(0, 16);
}
