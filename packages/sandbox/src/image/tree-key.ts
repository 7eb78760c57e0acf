import { createHash, type Hash } from 'node:crypto';
import { lstatSync, readlinkSync, type BigIntStats } from 'node:fs';
import { join } from 'node:path';
import { DejaError } from '@deja/format';
import type { FileIndex } from './file-index.js';
import { entriesOf, inOrder, type Tree } from './tree.js';

/**
 * Identifies what an image of a tree holds: names, modes, owners and contents. Where on this machine the files lie and when they were written is no part of it.
 * @throws DejaError DEJA_IMAGE_FAILED
 */
export function treeKey(tree: Tree, index: FileIndex): string {
  const hash = createHash('sha256').update(JSON.stringify([tree.folders, tree.links, tree.files, ...(tree.owner === undefined ? [] : [tree.owner])]));
  for (const { from, at } of inOrder(tree.mounts)) {
    hash.update(`\0${at}\0`);
    add(hash, from, tree.without, index);
  }
  return hash.digest('hex').slice(0, 16);
}

function add(hash: Hash, path: string, without: Tree['without'], index: FileIndex): void {
  const stat = statOf(path);
  const about = `${stat.mode} ${stat.uid} ${stat.gid}`;
  if (stat.isDirectory()) {
    const names = entriesOf(path, without);
    hash.update(`d ${about} ${JSON.stringify(names)}\n`);
    for (const name of names) add(hash, join(path, name), without, index);
  } else if (stat.isSymbolicLink()) {
    hash.update(`l ${JSON.stringify(readlinkSync(path))}\n`);
  } else if (stat.isFile()) {
    hash.update(`f ${about} ${index.sum(path, stat)}\n`);
  } else {
    hash.update('-\n');
  }
}

function statOf(path: string): BigIntStats {
  try {
    return lstatSync(path, { bigint: true });
  } catch (cause) {
    throw new DejaError('DEJA_IMAGE_FAILED', `${path} cannot be read for an image: ${(cause as Error).message}`, { cause });
  }
}
