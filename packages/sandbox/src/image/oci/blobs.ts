import { createHash } from 'node:crypto';
import { createReadStream, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { invalidArchive } from './archive-error.js';
import type { Budget } from './budget.js';
import type { Json } from './json.js';

const DIGEST = /^sha256:([0-9a-f]{64})$/;

/** What an image layout is made of: files that are named by the digest of what is in them. */
export class Blobs {
  readonly archive: string;
  readonly #folder: string;
  readonly #budget: Budget;

  constructor(archive: string, folder: string, budget: Budget) {
    this.archive = archive;
    this.#folder = folder;
    this.#budget = budget;
  }

  /** A file that is what its digest says. Throws DEJA_IMAGE_ARCHIVE_INVALID, which names the blob. */
  async file(digest: string): Promise<string> {
    const hex = DIGEST.exec(digest)?.[1];
    if (hex === undefined) throw invalidArchive(this.archive, `${JSON.stringify(digest)} is no SHA-256 digest, and no other can be checked`);
    const path = this.plainFile(join('blobs', 'sha256', hex), `blob ${digest}`);
    const found = await digestOf(createReadStream(path));
    if (found !== digest) throw invalidArchive(this.archive, `blob ${digest} holds something else, with the digest ${found}`);
    return path;
  }

  /** Throws DEJA_IMAGE_ARCHIVE_INVALID. */
  async document(digest: string): Promise<Json> {
    return this.#parse(await this.file(digest), `blob ${digest}`);
  }

  /** A document that is found by its name. Throws DEJA_IMAGE_ARCHIVE_INVALID. */
  namedDocument(name: string): Json {
    return this.#parse(this.plainFile(name, name), name);
  }

  /** A name in the archive. No link: it might lead anywhere on this machine. Throws DEJA_IMAGE_ARCHIVE_INVALID. */
  plainFile(name: string, called: string): string {
    if (name.split('/').includes('..')) throw invalidArchive(this.archive, `${called} leads out of it`);
    const path = join(this.#folder, name);
    if (!lstatSync(path, { throwIfNoEntry: false })?.isFile()) throw invalidArchive(this.archive, `${called} is not in it`);
    return path;
  }

  #parse(path: string, called: string): Json {
    const { size } = lstatSync(path);
    if (size > this.#budget.caps.documentBytes) throw invalidArchive(this.archive, `${called} has ${size} bytes, too many for a document`);
    try {
      return JSON.parse(readFileSync(path, 'utf8')) as Json;
    } catch (cause) {
      throw invalidArchive(this.archive, `${called} is no JSON`, cause);
    }
  }
}

/** `sha256:…` of what is read. */
export async function digestOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}
