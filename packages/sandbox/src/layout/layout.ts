import { existsSync, lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DejaError } from '@deja/format';
import { AGENT_ENTRY } from '@deja/guest';
import { isWithin } from '../paths.js';
import type { Mount, SandboxSpec } from '../sandbox.js';
import { covers, linkedOutside, moduleClosure } from './module-closure.js';
import { mountsBelow, readMountTable } from './mount-table.js';

/** The file system of a sandbox. What is not named here does not exist in it; everything else is a fresh tmpfs. */
export interface Layout {
  /** Links as this machine has them: `/bin → usr/bin`. */
  readonly links: readonly { readonly at: string; readonly to: string }[];
  /** Shown read-only, in this order. */
  readonly binds: readonly Mount[];
  /** Places inside read-only folders of the system at which something shall be shown, and that do not exist on this machine. */
  readonly openings: readonly Opening[];
  /** Shown with a layer on top that takes what is written; after the binds, in this order. */
  readonly overlays: readonly Mount[];
  /** Shown read-only on top of the overlays. */
  readonly onTop: readonly Mount[];
}

export interface Opening {
  /** The deepest folder that exists. */
  readonly folder: string;
  /** What it lacks, relative to it. */
  readonly lacks: readonly { readonly path: string; readonly kind: 'file' | 'folder' }[];
}

/** Where Deja's own parts are shown, each under its path of this machine: out of the way of the application's paths. */
const OWN = '/.deja/host';

const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];
/**
 * What programs of the system cannot do without, and that says nothing about this machine's people. Not all of `ssl` and `pki`: this machine's private keys are
 * in there, which are no application's business and nobody else's to read.
 */
export const ETC = [
  'alternatives', 'ca-certificates', 'crypto-policies', 'gai.conf', 'host.conf', 'ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'localtime',
  'mime.types', 'os-release', 'pki/ca-trust', 'pki/tls/certs', 'pki/tls/cert.pem', 'pki/tls/openssl.cnf', 'protocols', 'services', 'ssl/certs', 'ssl/cert.pem', 'ssl/openssl.cnf', 'timezone',
];

/** Where a file or folder of this machine that belongs to Deja is inside. */
export function ownPath(path: string): string {
  return OWN + path;
}

/** Where an engine is inside. The system's own stay where they expect to be. */
export function enginePath(path: string): string {
  return isWithin(path, '/usr') ? path : OWN + path;
}

/**
 * @throws DejaError DEJA_SANDBOX_APP_ROOT: the application's folder cannot be shown as asked
 */
export function layoutOf(spec: SandboxSpec): Layout {
  const app = appMount(spec);
  const system = SYSTEM.filter((path) => existsSync(path));
  const around = [...moduleClosure(app.from, app.at), ...linkedOutside(app)].filter(({ from }) => mayShow(spec, from));
  const asked: readonly Mount[] = [...around, nodeMount(spec.node, app), ...(spec.extra ?? [])].filter((mount) => !shownAnyway(mount, app));
  const early = (mount: Mount): boolean => !isWithin(mount.at, '/usr') && !isWithin(mount.at, app.at);
  return {
    links: system.filter(isLink).map((at) => ({ at, to: readlinkSync(at) })),
    binds: [
      ...system.filter((path) => !isLink(path)).map(same),
      ...ETC.map((name) => join('/etc', name)).filter((path) => existsSync(path)).map((at) => ({ from: realpathSync(at), at })),
      ...ownParts(spec),
      ...asked.filter(early),
    ],
    openings: openingsFor([app, ...asked]),
    overlays: [...(spec.writable ?? []).filter((mount) => !covers(app, mount)).toSorted((a, b) => a.at.length - b.at.length), app],
    onTop: [...mountsBelow(app.from, readMountTable()).map(({ path }) => ({ from: path, at: app.at + path.slice(app.from.length) })), ...asked.filter((mount) => !early(mount))],
  };
}

/** @throws DejaError DEJA_SANDBOX_APP_ROOT */
export function appMount(spec: SandboxSpec): Mount {
  const app = { from: realFolder(spec.app.from), at: spec.app.at };
  if (SYSTEM.includes(app.at) || ['/', '/etc', '/proc', '/dev', '/tmp'].includes(app.at) || app.from === '/') {
    throw new DejaError('DEJA_SANDBOX_APP_ROOT', `the application's folder ${app.from} cannot be shown at ${app.at}: that is the system's own`, {
      hint: 'Point --app at the folder that holds the application, and nothing else.',
    });
  }
  return app;
}

/** Agent, its Node, the preload, engines: with everything that they import. */
function ownParts(spec: SandboxSpec): readonly Mount[] {
  const modules = [AGENT_ENTRY, ...(spec.modules ?? [])].map((file) => packageFolder(realpathSync(file)));
  const parts = new Map<string, Mount>();
  const add = (from: string): void => void parts.set(ownPath(from), { from, at: ownPath(from) });
  add(realpathSync(process.execPath));
  for (const folder of new Set(modules)) {
    add(folder);
    for (const { from, at } of moduleClosure(folder, ownPath(folder), 'declared')) parts.set(at, { from, at });
  }
  for (const mount of toolMounts(spec)) parts.set(mount.at, mount);
  const mounts = [...parts.values()].filter((mount) => mount.from !== mount.at);
  return mounts.filter((mount) => !mounts.some((other) => covers(other, mount)));
}

export function toolMounts(spec: SandboxSpec): readonly Mount[] {
  return (spec.tools ?? []).map((tool) => {
    // Programs look for their libraries and data beside the folder they lie in.
    const whole = basename(tool) === 'bin' ? dirname(tool) : tool;
    return { from: realpathSync(whole), at: enginePath(whole) };
  });
}

/** What links of a container image lead to on this machine is none of the application's business. */
export function mayShow({ image }: SandboxSpec, from: string): boolean {
  return image === undefined || isWithin(realpathSync(from), image.root);
}

function nodeMount(node: Mount, app: Mount): Mount {
  const from = realpathSync(node.from);
  // At the place where the path really leads: a mount cannot replace a link.
  const inApp = isWithin(node.at, app.at) ? app.from + node.at.slice(app.at.length) : node.at;
  return existsSync(inApp) && realpathSync(inApp) === from && isWithin(node.at, '/usr') ? { from, at: from } : { from, at: node.at };
}

function shownAnyway(mount: Mount, app: Mount): boolean {
  return covers(app, mount) || (isWithin(mount.from, '/usr') && mount.at === mount.from);
}

function openingsFor(mounts: readonly Mount[]): readonly Opening[] {
  const lacking = mounts.filter(({ at }) => isWithin(at, '/usr') && !existsSync(at));
  const groups = Map.groupBy(lacking, ({ at }) => existingParent(at));
  return [...groups]
    .map(([folder, inside]): Opening => ({ folder, lacks: inside.map(({ from, at }) => ({ path: at.slice(folder.length + 1), kind: statSync(from).isDirectory() ? 'folder' : 'file' })) }))
    .toSorted((a, b) => a.folder.length - b.folder.length);
}

function existingParent(path: string): string {
  let folder = dirname(path);
  while (!existsSync(folder)) folder = dirname(folder);
  return folder;
}

/** The package that a module belongs to; for one that stands alone, its folder. */
export function packageFolder(file: string): string {
  for (let folder = dirname(file); folder !== '/'; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
  }
  return dirname(file);
}

function realFolder(path: string): string {
  if (!existsSync(path) || !statSync(path).isDirectory()) {
    throw new DejaError('DEJA_SANDBOX_APP_ROOT', `the application's folder ${path} does not exist on this machine`, {
      hint: 'Say where it is with --app DIR.',
    });
  }
  return realpathSync(path);
}

function isLink(path: string): boolean {
  return lstatSync(path).isSymbolicLink();
}

function same(path: string): Mount {
  return { from: path, at: path };
}
