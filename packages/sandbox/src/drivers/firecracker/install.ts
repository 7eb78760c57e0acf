import { existsSync } from 'node:fs';
import { mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DejaError } from '@deja/format';
import { draftFor } from '../../image/make-once.js';
import { download, type DownloadOptions } from './download.js';
import { isFileProblem } from './file-problem.js';
import { installationFolder, isWhole, programHashes, readInstallation, writeInstallation, type Installation } from './installation.js';
import { firecrackerRelease, type Release } from './release.js';
import { archiveSource, shownSource, type ArchiveSource } from './source.js';
import { usableVersion } from './version.js';

export interface InstallOptions extends DownloadOptions {
  /** Address or path of the archive, or of a place that has it. Default: the release's own. */
  readonly from?: string | undefined;
  /** Of the archive, in hexadecimal. Default: what is pinned. */
  readonly sha256?: string | undefined;
  /** Also when it is there already. */
  readonly force?: boolean | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Called before anything is got, with where from. */
  readonly onSource?: ((source: string) => void) | undefined;
}

export interface Installed extends Installation {
  /** Absolute paths. */
  readonly firecracker: string;
  readonly jailer: string;
  /** False: it was there, and nothing was done. */
  readonly installed: boolean;
}

/**
 * Gets the release that Deja is made for and puts its programs into the cache, whole or not at all.
 * @throws DejaError DEJA_FIRECRACKER_UNSUPPORTED, _DOWNLOAD, _CHECKSUM, _ARCHIVE, _UNUSABLE, _NOT_INSTALLED, DEJA_USAGE; the reason of `signal`.
 */
export async function installFirecracker(options: InstallOptions = {}): Promise<Installed> {
  const pinned = firecrackerRelease();
  const release = options.sha256 === undefined ? pinned : { ...pinned, sha256: options.sha256 };
  const source = archiveSource(options.from ?? release.url, release);
  const folder = installationFolder(release, options.env ?? process.env);
  const there = readInstallation(folder);
  if (there?.sha256 === release.sha256 && options.force !== true && (await isWhole(folder, there))) return installedIn(folder, there, false);
  options.onSource?.(shownSource(source));
  let draft: string | undefined;
  const missing = missingFolders(dirname(folder));
  try {
    draft = draftFor(folder);
    const made = await make(draft, source, release, options);
    await putInPlace(draft, folder);
    return installedIn(folder, readInstallation(folder) ?? made, true);
  } catch (error) {
    throw isFileProblem(error) ? notInstalled(error, folder) : error;
  } finally {
    if (draft !== undefined) await rm(draft, { recursive: true, force: true });
    for (const path of missing) await rmdir(path).catch(() => undefined);
  }
}

/** The folders above it that are not there yet, the deepest first: what stays empty of them goes again. */
function missingFolders(path: string): readonly string[] {
  return existsSync(path) ? [] : [path, ...missingFolders(dirname(path))];
}

async function make(draft: string, source: ArchiveSource, release: Release, options: DownloadOptions): Promise<Installation> {
  await mkdir(draft, { recursive: true });
  const archive = join(draft, release.archive);
  const sha256 = await download(source, archive, options);
  if (sha256 !== release.sha256) {
    throw new DejaError('DEJA_FIRECRACKER_CHECKSUM', `${shownSource(source)} is not what was expected: its SHA-256 is ${sha256}, not ${release.sha256}`, {
      hint: 'It is cut off, changed, or another release: get it again. For an archive of your own, say its hash: --sha256 HEX',
    });
  }
  // Only here: every other command can do without what reads archives.
  const { unpack } = await import('./unpack.js');
  await unpack(archive, release, draft);
  await rm(archive);
  const cure = 'Take the archive from a release of Firecracker, for this machine.';
  const version = await usableVersion({ firecracker: join(draft, 'firecracker'), jailer: join(draft, 'jailer') }, { firecracker: cure, jailer: cure }, (path) => `${basename(path)} of ${shownSource(source)}`);
  const made: Installation = { version, architecture: release.architecture, from: shownSource(source), sha256, programs: await programHashes(draft) };
  await writeInstallation(draft, made);
  options.signal?.throwIfAborted();
  return made;
}

/** What was there before goes only when the new one is in its place; machines that run it keep it. */
async function putInPlace(draft: string, folder: string): Promise<void> {
  const old = draftFor(folder);
  const hadOne = await moved(folder, old);
  try {
    await rename(draft, folder);
  } catch (error) {
    // Somebody else was faster: theirs is as good. (Not existsSync: a third may be moving it aside.)
    if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return;
    if (hadOne) await rename(old, folder);
    throw error;
  } finally {
    await rm(old, { recursive: true, force: true });
  }
}

/** False when there is nothing to move: another process that installs it may just have done so. */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function installedIn(folder: string, installation: Installation, installed: boolean): Installed {
  return { ...installation, firecracker: join(folder, 'firecracker'), jailer: join(folder, 'jailer'), installed };
}

function notInstalled(cause: NodeJS.ErrnoException, folder: string): DejaError {
  return new DejaError('DEJA_FIRECRACKER_NOT_INSTALLED', `Firecracker cannot be put into ${folder}: ${cause.message}`, {
    hint: cause.code === 'ENOSPC' || cause.code === 'EDQUOT' ? 'Make room (40 MiB), or name another place: DEJA_CACHE=DIR' : 'Name a place that you may write to: DEJA_CACHE=DIR', cause,
  });
}
