import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DejaError } from '@deja/format';
import type { Release } from './release.js';

/** Where an archive is got from. */
export type ArchiveSource = { readonly kind: 'address'; readonly url: URL } | { readonly kind: 'file'; readonly path: string };

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
const ARCHIVE = /\.(?:tgz|tar\.gz)$/;

/**
 * What is meant by an address or a path: the archive itself, or a place that has it under the name of the release.
 * @throws DejaError DEJA_USAGE
 */
export function archiveSource(from: string, { archive }: Release): ArchiveSource {
  if (!SCHEME.test(from)) return fileSource(resolve(from), archive);
  const url = URL.parse(from);
  if (url?.protocol === 'file:') return fileSource(fileURLToPath(url), archive);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') throw new DejaError('DEJA_USAGE', `${from} is no address to download from`, { hint: 'Give an http or https address, or a file.' });
  if (url.username !== '' || url.password !== '') {
    throw new DejaError('DEJA_USAGE', `the address at ${url.host} has a user's name in it, which would end up in logs`, { hint: 'Download the archive by other means and give the file.' });
  }
  if (!ARCHIVE.test(url.pathname)) url.pathname = `${url.pathname.replace(/\/$/, '')}/${archive}`;
  return { kind: 'address', url };
}

export function shownSource(source: ArchiveSource): string {
  return source.kind === 'file' ? source.path : shownUrl(source.url);
}

/** Without its query, which may be a key. */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function fileSource(path: string, archive: string): ArchiveSource {
  return { kind: 'file', path: statSync(path, { throwIfNoEntry: false })?.isDirectory() ? join(path, archive) : path };
}
