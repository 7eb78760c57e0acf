import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, delimiter, isAbsolute, join, relative, resolve } from 'node:path';
import { DejaError, type ErrorPackage } from '@deja/format';
import { installationOf } from './app.js';

/** The folder in which the application's code is found here, and how it differs from the recorded one. */
export interface LocatedApp {
  /** Stands in for the recorded folder. */
  readonly folder: string;
  /** One line for each difference from the recording. Empty: the same code, as far as can be told. */
  readonly differences: readonly string[];
  /** Lines may have moved: the caller named a folder, or the contents differ from the recording. */
  readonly changedCode: boolean;
}

const NAME_EITHER = 'name the folder of its code: --app DIR; or an OCI image layout, or what `docker save IMAGE -o FILE` writes: --app FILE';

/**
 * Where the application is: in `given` (`--app`), else in the recorded place.
 * Throws DEJA_APP_MISSING when it is not there.
 */
export function locateApp({ context }: ErrorPackage, given: string | undefined): LocatedApp {
  const recorded = installationOf(context.process.root);
  const folder = given === undefined ? recorded : installationOf(resolve(given));
  const file = fileOf(folder);
  if (file !== undefined) {
    const { size } = statSync(file);
    throw new DejaError('DEJA_APP_MISSING', `${file} is ${size === 0 ? 'an empty file' : 'a file'}, and neither the application's folder nor an archive of its container image`, { hint: NAME_EITHER });
  }
  if (!existsSync(folder)) throw new DejaError('DEJA_APP_MISSING', `the application's folder ${folder} is not here`, { hint: 'name the folder of its code: --app DIR' });
  const entry = context.process.entry;
  if (entry === undefined || !entry.startsWith(`${recorded}/`)) return { folder, differences: [], changedCode: given !== undefined };
  const entryHere = join(folder, relative(recorded, entry));
  const root = join(folder, relative(recorded, context.process.root));
  const differences = codeDifferences({ manifest: join(root, 'package.json'), entry: entryHere }, context.application);
  return { folder, differences, changedCode: given !== undefined || differences.length > 0 };
}

/** Of something that is no container image: the file that is meant, with `#TAG` or without. Undefined: a folder is, or nothing that is here. */
function fileOf(named: string): string | undefined {
  const archive = existsSync(named) ? named : named.slice(0, Math.max(0, named.lastIndexOf('#')));
  return statSync(archive, { throwIfNoEntry: false })?.isDirectory() === false ? archive : undefined;
}

/** What says which application the code is: its package.json, and the script that starts it. */
export interface Code {
  readonly manifest: string;
  readonly entry: string;
}

/** One line for each difference from the recorded application. */
export function codeDifferences({ manifest, entry }: Code, recorded: ErrorPackage['context']['application']): readonly string[] {
  return [...versionDifference(manifest, recorded), ...hashDifference(entry, recorded.entryHash)];
}

function versionDifference(file: string, { name, version }: ErrorPackage['context']['application']): readonly string[] {
  if (version === undefined || !existsSync(file)) return [];
  const here = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
  if (here.name !== name) return [`recorded was ${name ?? 'an unnamed application'}, here is ${here.name ?? 'an unnamed one'}`];
  return here.version === version ? [] : [`recorded was ${name ?? 'version'} ${version}, here is ${here.version ?? 'no version'}`];
}

function hashDifference(entry: string, recorded: string | undefined): readonly string[] {
  if (!existsSync(entry)) return [`its main script ${entry} does not exist here`];
  if (recorded === undefined) return [];
  const here = createHash('sha256').update(readFileSync(entry)).digest('hex');
  return here === recorded ? [] : [`its main script ${entry} has other contents than the recorded one`];
}

/** ELF, Mach-O (64 bit, and for several architectures), Windows. */
const BINARY_MAGIC = ['\x7fELF', '\xcf\xfa\xed\xfe', '\xca\xfe\xba\xbe', 'MZ'];

export interface RecordedNode {
  readonly version: string;
  readonly path: string;
}

export interface LocatedNode {
  readonly node: string;
  /** One line, where it is not of the recorded version. */
  readonly difference?: string;
}

/** A Node to run the application: the recorded executable, or one of the same major version on the path. */
export function locateNode(recorded: RecordedNode, searchPath: string): LocatedNode {
  const wanted = plainVersion(recorded.version);
  if (recorded.path === process.execPath && wanted === process.versions.node) return { node: process.execPath };
  const here = [...searchPath.split(delimiter).map((folder) => join(folder, 'node')), process.execPath].filter((node) => existsSync(node));
  const candidates = here.includes(recorded.path) || isNodeProgram(recorded.path) ? [recorded.path, ...here] : here;
  // Asking is slow: the likely ones first, and no more than needed.
  const found = new Map<string, string | undefined>();
  for (const node of candidates) {
    if (!found.has(node)) found.set(node, versionOf(node));
    if (found.get(node) === wanted) return { node };
  }
  for (const [node, version] of found) {
    if (version?.split('.')[0] === wanted.split('.')[0]) return { node, difference: `recorded was Node ${wanted}, this is Node ${version}` };
  }
  throw new DejaError('DEJA_NODE_MISSING', `the application ran on Node ${wanted}, and none of major version ${wanted.split('.')[0]} is here`, {
    hint: `put one on PATH, for instance: npm install --prefix /tmp/node-${wanted} node-linux-${process.arch}@${wanted}`,
  });
}

/**
 * The recorded path comes from the package, which may be hostile, and asking a program for its version runs it here:
 * only a binary called `node` that belongs to the system or to whoever runs Deja is asked.
 */
function isNodeProgram(path: string): boolean {
  if (!/^node(\.exe)?$/.test(basename(path)) || !isAbsolute(path)) return false;
  const file = statSync(path, { throwIfNoEntry: false });
  if (!file?.isFile() || (file.uid !== 0 && file.uid !== process.getuid?.()) || (file.mode & 0o022) !== 0) return false;
  const program = openSync(path, 'r');
  try {
    const magic = Buffer.alloc(4);
    readSync(program, magic, 0, magic.length, 0);
    return BINARY_MAGIC.some((known) => magic.toString('latin1').startsWith(known));
  } finally {
    closeSync(program);
  }
}

function versionOf(node: string): string | undefined {
  if (node === process.execPath) return process.versions.node;
  const asked = spawnSync(node, ['--version'], { encoding: 'utf8', env: {}, timeout: 5_000 });
  return asked.status === 0 ? plainVersion(asked.stdout.trim()) : undefined;
}

function plainVersion(version: string): string {
  return version.replace(/^v/, '');
}
