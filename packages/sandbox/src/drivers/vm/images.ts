import { existsSync, globSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { AGENT_ENTRY } from '@deja/guest';
import { erofsImage, type Image } from '../../image/erofs.js';
import { sumOf } from '../../image/file-index.js';
import type { Kernel } from '../../image/kernel.js';
import { busyboxLinks, librariesOf, systemPrograms } from '../../image/programs.js';
import type { Tree } from '../../image/tree.js';
import { dependencyClosure } from '../../layout/dependency-closure.js';
import { appMount, ETC, ownPath, packageFolder, toolMounts } from '../../layout/layout.js';
import { linkedOutside, moduleClosure } from '../../layout/module-closure.js';
import { packageNeeds } from '../../layout/package-needs.js';
import { SYSTEM_FILES } from '../../layout/system-files.js';
import { replacePrefix } from '../../paths.js';
import type { Mount, SandboxSpec } from '../../sandbox.js';
import { imageTree } from './image-tree.js';
import { pidOne, VSOCK_BRIDGE, type Channel } from './pid-one.js';

/** The file system of a virtual machine: the application's image over the base, and a layer in memory over both. */
export interface Images {
  readonly base: Image;
  readonly app: Image;
}

export const PID_ONE = '/.deja/pid-one';
const FOLDERS = ['/dev', '/proc', '/sys', '/tmp', '/run', '/home', '/opt', '/root', '/srv', '/var/log', '/var/lib', '/var/cache', '/var/tmp', '/usr/bin', '/usr/sbin', '/usr/lib', '/usr/lib64'];
const LINKS = ['bin', 'sbin', 'lib', 'lib64'].map((name) => ({ at: `/${name}`, to: `usr/${name}` }));

/** Makes what is not there yet. @throws DejaError DEJA_IMAGE_FAILED, DEJA_DISK_FULL, DEJA_SYSTEM_PART_MISSING, DEJA_SANDBOX_APP_ROOT */
export async function imagesOf(spec: SandboxSpec, kernel: Kernel, channel: Channel): Promise<Images> {
  const base = [{ from: kernel.busybox, at: '/usr/bin/busybox' }, ...(await baseMounts(spec, channel))];
  const links = [...LINKS, ...(await busyboxLinks(kernel.busybox, base))];
  const [baseImage, appImage] = await Promise.all([
    erofsImage('base', { mounts: base, folders: FOLDERS, links, files: { ...SYSTEM_FILES, [PID_ONE]: pidOne(channel) } }),
    erofsImage('app', spec.image ? await imageTree(spec, spec.image) : appTree(spec, appMount(spec))),
  ]);
  return { base: baseImage, app: appImage };
}

/** What runs are made with, whatever the application: the system, the agent, the preload, engines, the application's Node. */
async function baseMounts(spec: SandboxSpec, channel: Channel): Promise<readonly Mount[]> {
  const agentNode = realpathSync(process.execPath);
  // A container image has the application's Node in it, and programs of it are not run here: not even to ask for their libraries.
  const nodes = [{ from: agentNode, at: ownPath(agentNode) }, ...(spec.image ? [] : [appNode(spec.node, agentNode)])];
  const tools = toolMounts(spec);
  const programs = tools.flatMap(({ from }) => (statSync(from).isFile() ? [from] : globSync('bin/*', { cwd: from }).map((name) => join(from, name))));
  const libraries = await librariesOf([...nodes.map(({ from }) => from), ...programs]);
  const etc = ETC.map((name) => join('/etc', name)).filter((path) => existsSync(path)).map((at) => ({ from: realpathSync(at), at }));
  const own = [AGENT_ENTRY, ...(spec.modules ?? [])].flatMap((file) => programMounts(realpathSync(file)));
  // An engine's libraries beside it are part of the engine already.
  const outside = libraries.filter(({ from }) => !tools.some((tool) => from.startsWith(`${tool.from}/`)));
  return unique([...(await systemPrograms(channel === 'vsock' ? [VSOCK_BRIDGE] : [])), ...outside, ...etc, ...nodes, ...tools, ...own]);
}

/** Links to one file are one file in an image. */
function appNode(node: Mount, agentNode: string): Mount {
  const from = realpathSync(node.from);
  return { from: isSameFile(from, agentNode) ? agentNode : from, at: node.at };
}

/** The application's folder and what it needs around it, without what it cannot need, and the Node that the base has at the same place. */
function appTree(spec: SandboxSpec, app: Mount): Tree {
  const modules = dependencyClosure(app.from, app.at) ?? moduleClosure(app.from, app.at);
  const needs = spec.command === undefined ? null : packageNeeds(app, spec.command);
  const node = replacePrefix(spec.node.at, app.at, app.from);
  const isInBase = existsSync(node) && realpathSync(node) === realpathSync(spec.node.from);
  return {
    mounts: unique([app, ...modules, ...(needs?.outside ?? []), ...linkedOutside(app), ...(spec.writable ?? []), ...(spec.extra ?? [])]),
    without: new Set([...(needs?.needless ?? []), ...(isInBase ? [node] : [])]),
  };
}

/** A program of ours: where it is bundled the bundle, else its whole package; and the packages it depends on. */
function programMounts(file: string): readonly Mount[] {
  const folder = packageFolder(file);
  const bundle = dirname(file);
  const isBundled = basename(bundle) === 'bundle';
  const parts = isBundled ? [bundle, join(folder, 'package.json')] : [folder];
  const modules = dependencyClosure(folder, ownPath(folder), ({ from }) => !isBundled || !isOurs(from)) ?? [];
  return [...parts.map((path) => ({ from: path, at: ownPath(path) })), ...modules];
}

/** Packages of the workspace are in the bundle, with what they import. */
function isOurs(folder: string): boolean {
  return !folder.includes('/node_modules/');
}

function isSameFile(one: string, other: string): boolean {
  const [first, second] = [statSync(one), statSync(other)];
  return first.size === second.size && first.mode === second.mode && (first.ino === second.ino || sumOf(one) === sumOf(other));
}

function unique(mounts: readonly Mount[]): readonly Mount[] {
  return [...new Map(mounts.map((mount) => [mount.at, mount])).values()];
}
