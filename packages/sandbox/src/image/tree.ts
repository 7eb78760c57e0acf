import { createHash } from 'node:crypto';
import {
  chmodSync, chownSync, constants, copyFileSync, linkSync, lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync, type BigIntStats, type Stats,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DejaError } from '@deja/format';
import type { Mount } from '../sandbox.js';

/** What an image holds: files and folders of this machine, each at its place, and what exists nowhere yet. */
export interface Tree {
  readonly mounts: readonly Mount[];
  readonly folders?: readonly string[];
  readonly links?: readonly { readonly at: string; readonly to: string }[];
  readonly files?: Readonly<Record<string, string>>;
}

/**
 * Identifies a tree by names, modes, sizes, times of change and inodes of everything in it, as git knows changed files: reading all content
 * instead would take as long as making the image.
 */
export function fingerprint(tree: Tree): string {
  const hash = createHash('sha256').update(JSON.stringify({ ...tree, mounts: [] }));
  for (const { from, at } of tree.mounts) {
    hash.update(`\0${at}\0`);
    addFile(hash, from, lstatSync(from, { bigint: true }));
  }
  return hash.digest('hex').slice(0, 16);
}

function addFile(hash: ReturnType<typeof createHash>, path: string, stat: BigIntStats): void {
  if (stat.isDirectory()) {
    hash.update(`d ${stat.mode}\n`);
    for (const name of entriesOf(path)) {
      hash.update(`${name}\0`);
      addFile(hash, join(path, name), lstatSync(join(path, name), { bigint: true }));
    }
  } else if (stat.isSymbolicLink()) {
    hash.update(`l ${readlinkSync(path)}\n`);
  } else {
    hash.update(`f ${stat.mode} ${stat.size} ${stat.mtimeNs} ${stat.ino}\n`);
  }
}

/** Lays a tree out in a folder, by hard links where that is possible. Throws DEJA_IMAGE_FAILED. */
export function layOut(tree: Tree, folder: string): void {
  for (const path of ['/', ...(tree.folders ?? [])]) mkdirSync(join(folder, path), { recursive: true });
  for (const { at, to } of tree.links ?? []) {
    mkdirSync(dirname(join(folder, at)), { recursive: true });
    symlinkSync(to, join(folder, at));
  }
  for (const { from, at } of tree.mounts.toSorted((a, b) => (a.at < b.at ? -1 : 1))) {
    mkdirSync(dirname(join(folder, at)), { recursive: true });
    try {
      place(from, join(folder, at));
    } catch (cause) {
      throw new DejaError('DEJA_IMAGE_FAILED', `${from} cannot be copied into an image: ${(cause as Error).message}`, { cause });
    }
  }
  for (const [path, text] of Object.entries(tree.files ?? {})) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** A later tree over an earlier one: folders are joined, files replaced. */
function place(from: string, to: string): void {
  const stat = lstatSync(from);
  if (stat.isDirectory()) {
    mkdirSync(to, { recursive: true });
    chmodSync(to, stat.mode & 0o7777);
    if (process.getuid?.() === 0) chownSync(to, stat.uid, stat.gid);
    for (const name of entriesOf(from)) place(join(from, name), join(to, name));
    return;
  }
  if (!stat.isFile() && !stat.isSymbolicLink()) return;
  rmSync(to, { force: true });
  if (stat.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
  else linkOrCopy(from, to, stat);
}

function linkOrCopy(from: string, to: string, { uid, gid }: Stats): void {
  try {
    linkSync(from, to);
  } catch {
    // Another file system, or files of somebody else.
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
    if (process.getuid?.() === 0) chownSync(to, uid, gid);
  }
}

/** Deja's own folder is no part of an application: above all, images do not hold images. */
function entriesOf(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => name !== '.deja').toSorted();
}
