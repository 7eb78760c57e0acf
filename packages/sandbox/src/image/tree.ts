import { chmodSync, chownSync, constants, copyFileSync, existsSync, linkSync, lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DejaError } from '@deja/format';
import type { Mount } from '../sandbox.js';

/** What an image holds: files and folders of this machine, each at its place, and what exists nowhere yet. */
export interface Tree {
  readonly mounts: readonly Mount[];
  /** Files and folders of this machine inside the mounts that the image does not hold. */
  readonly without?: ReadonlySet<string>;
  readonly folders?: readonly string[];
  readonly links?: readonly { readonly at: string; readonly to: string }[];
  readonly files?: Readonly<Record<string, string>>;
  /** Whom all of it belongs to, instead of whom it belongs to on this machine. */
  readonly owner?: number;
}

/** Later places over earlier ones. */
export function inOrder(mounts: readonly Mount[]): readonly Mount[] {
  return mounts.toSorted((a, b) => (a.at < b.at ? -1 : 1));
}

/** Lays a tree out in a folder, by hard links where that is possible. Throws DEJA_IMAGE_FAILED. */
export function layOut(tree: Tree, folder: string): void {
  for (const path of ['/', ...(tree.folders ?? [])]) makeFolder(join(folder, path));
  for (const { at, to } of tree.links ?? []) {
    makeFolder(dirname(join(folder, at)));
    symlinkSync(to, join(folder, at));
  }
  for (const { from, at } of inOrder(tree.mounts)) {
    makeFolder(dirname(join(folder, at)));
    place(from, join(folder, at), tree.without);
  }
  for (const [path, text] of Object.entries(tree.files ?? {})) {
    const to = join(folder, path);
    makeFolder(dirname(to));
    rmSync(to, { force: true });
    writeFileSync(to, text);
    chmodSync(to, 0o644);
  }
}

/** With the modes that everybody expects, whatever this process gives to what it makes. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
  chmodSync(path, 0o755);
}

/** A later tree over an earlier one: folders are joined, files replaced. */
function place(from: string, to: string, without: Tree['without']): void {
  const stat = lstatSync(from);
  if (stat.isDirectory()) {
    mkdirSync(to, { recursive: true });
    chmodSync(to, stat.mode & 0o7777);
    if (process.getuid?.() === 0) chownSync(to, stat.uid, stat.gid);
    for (const name of entriesOf(from, without)) place(join(from, name), join(to, name), without);
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

/**
 * Deja's own folder is no part of an application: above all, images do not hold images. And there is no git in a guest, whose objects change with every
 * commit: what tells the revision stays.
 */
export function entriesOf(folder: string, without: Tree['without']): readonly string[] {
  const own = basename(folder) === '.git' ? 'objects' : '.deja';
  try {
    return readdirSync(folder).filter((name) => name !== own && !without?.has(join(folder, name))).toSorted();
  } catch (cause) {
    throw new DejaError('DEJA_IMAGE_FAILED', `${folder} cannot be read for an image: ${(cause as Error).message}`, { cause, hint: 'An image holds all of an application: give the user that runs Deja the right to read it.' });
  }
}
