import { chmodSync, fchmodSync, fchownSync, lchownSync, linkSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { isWithin } from '../../paths.js';
import type { Budget } from './budget.js';
import { newFile } from './new-file.js';
import { resolveIn } from './root-folder.js';
import { readTar, type Sink, type TarEntry } from './tar-reader.js';

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
/** Marks of AUFS that say nothing about files. */
const OTHER_MARKS = '.wh..wh.';

/** One layer of an image, put over those below it. */
export class Layer {
  readonly #root: string;
  readonly #budget: Budget;
  readonly #keepsOwners: boolean;
  /** What this layer has put there, and the folders above: whiteouts speak of the layers below. */
  readonly #own = new Set<string>();

  /** @param keepsOwners only root may give files away */
  constructor(root: string, budget: Budget, keepsOwners: boolean) {
    this.#root = root;
    this.#budget = budget;
    this.#keepsOwners = keepsOwners;
  }

  /** Throws what is wrong with the archive; the root folder is of no use then. */
  async apply(chunks: AsyncIterable<Buffer>): Promise<void> {
    await readTar(chunks, (entry) => {
      this.#budget.countEntry();
      try {
        return this.#place(entry);
      } catch (cause) {
        throw new Error(`its entry ${entry.path} cannot be unpacked: ${(cause as Error).message}`, { cause });
      }
    });
  }

  #place(entry: TarEntry): Sink | undefined {
    const names = namesOf(entry.path);
    const name = names.pop();
    const parent = resolveIn(this.#root, names.join('/'));
    if (name === undefined) this.#finishFolder(this.#root, entry);
    else if (name.startsWith(WHITEOUT)) this.#whiteOut(parent, name);
    else if (entry.type === 'file') return this.#file(`${parent}/${name}`, entry);
    else this.#make(`${parent}/${name}`, entry);
    return undefined;
  }

  #make(path: string, entry: TarEntry): void {
    switch (entry.type) {
      case 'folder':
        if (!statOf(path)?.isDirectory()) {
          this.#clear(path);
          mkdirSync(path);
        }
        this.#finishFolder(path, entry);
        break;
      case 'link':
        this.#clear(path);
        symlinkSync(entry.target, path);
        if (this.#keepsOwners) lchownSync(path, entry.uid, entry.gid);
        break;
      case 'hard link':
        this.#hardLink(path, entry.target);
        break;
      case 'file':
      case 'other':
        // Devices and pipes: a sandbox has its own.
        break;
    }
  }

  /** Makes room for an entry, and the folders above it. */
  #clear(path: string): void {
    this.#makeFolder(dirname(path));
    if (statOf(path)) rmSync(path, { recursive: true, force: true });
    this.#claim(path);
  }

  #makeFolder(path: string): void {
    if (statOf(path)) return;
    this.#makeFolder(dirname(path));
    mkdirSync(path);
    chmodSync(path, 0o755);
  }

  #claim(path: string): void {
    for (let each = path; each !== this.#root && !this.#own.has(each); each = dirname(each)) this.#own.add(each);
  }

  #file(path: string, { mode, uid, gid }: TarEntry): Sink {
    this.#clear(path);
    return newFile(path, (file) => {
      // Before the mode: giving a file away takes special bits from it. Its owner may read it, or it could not be copied.
      if (this.#keepsOwners) fchownSync(file, uid, gid);
      fchmodSync(file, mode | 0o400);
    });
  }

  #finishFolder(path: string, { mode, uid, gid }: TarEntry): void {
    this.#claim(path);
    if (this.#keepsOwners) lchownSync(path, uid, gid);
    chmodSync(path, mode | 0o700);
  }

  #hardLink(path: string, target: string): void {
    const names = namesOf(target);
    const from = `${resolveIn(this.#root, names.slice(0, -1).join('/'))}/${names.at(-1)}`;
    const stat = names.length > 0 ? statOf(from) : undefined;
    if (!stat || stat.isDirectory()) throw new Error(`it is a link to ${target}, which is no file of the image`);
    if (from === path) return;
    if (isWithin(from, path)) throw new Error(`it is a link to ${target}, whose place it would take`);
    this.#clear(path);
    linkSync(from, path);
  }

  #whiteOut(parent: string, mark: string): void {
    const name = mark.slice(WHITEOUT.length);
    if (mark === OPAQUE) this.#clearLower(parent);
    else if (['', '.', '..'].includes(name)) throw new Error('it takes away no file');
    else if (!mark.startsWith(OTHER_MARKS)) this.#clearLowerAt(`${parent}/${name}`);
  }

  /** Takes away what the layers below have in a folder. */
  #clearLower(folder: string): void {
    if (!statOf(folder)?.isDirectory()) return;
    for (const name of readdirSync(folder)) this.#clearLowerAt(`${folder}/${name}`);
  }

  #clearLowerAt(path: string): void {
    if (this.#own.has(path)) this.#clearLower(path);
    else rmSync(path, { recursive: true, force: true });
  }
}

/** Throws for a path that means something outside of the archive. */
function namesOf(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..')) throw new Error(`${path} leads out of the image`);
  if (path.includes('\0')) throw new Error('its name holds a zero byte');
  return names;
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
