import { lstatSync, readlinkSync } from 'node:fs';
import { DejaError } from '@deja/format';

/** As Linux counts them. */
const MAX_LINKS = 40;

/**
 * Where a path of another file system lies on this machine, when that file system's root is `root`: links lead where they lead in there, and never out of it.
 * What does not exist is taken as it is written. Throws DEJA_IMAGE_ARCHIVE_INVALID for links that lead in circles.
 */
export function resolveIn(root: string, path: string): string {
  const waiting = path.split('/').toReversed();
  let [folders, links]: [string[], number] = [[], 0];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      folders.pop();
      continue;
    }
    const target = targetOf([root, ...folders, name].join('/'));
    if (target === null) {
      folders.push(name);
      continue;
    }
    if (++links > MAX_LINKS) throw new DejaError('DEJA_IMAGE_ARCHIVE_INVALID', `${path} is a link that leads in circles`);
    if (target.startsWith('/')) folders = [];
    waiting.push(...target.split('/').toReversed());
  }
  return [root, ...folders].join('/');
}

function targetOf(path: string): string | null {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(path) : null;
  } catch (error) {
    // Below a file nothing exists.
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return null;
    throw error;
  }
}
