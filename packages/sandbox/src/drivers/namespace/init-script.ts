import { dirname } from 'node:path';
import { AGENT_ENTRY } from '@deja/guest';
import { existsSync, realpathSync, statSync } from 'node:fs';
import type { Mount } from '../../sandbox.js';
import { SYSTEM_PATH } from '../../layout/system-path.js';
import { ownPath } from '../../layout/layout.js';
import type { Layout, Opening } from '../../layout/layout.js';
import { SYSTEM_FILES } from '../../layout/system-files.js';

/** Folders that every system has. */
const FOLDERS = ['/etc', '/home', '/opt', '/root', '/run', '/srv', '/var/log', '/var/lib', '/var/cache', '/var/tmp', '/var/run'];

/**
 * The last steps of making the sandbox, common to all ways of getting there: files, overlays, and the agent in place of the shell.
 * Every program that it runs costs a millisecond, so these are few.
 *
 * @param source where, inside, a path of this machine can be reached at this moment
 */
export function finishScript(layout: Layout, source: (mount: Mount) => string, beforeAgent: readonly string[] = []): string {
  const overlays = layout.overlays.map((mount, index) => ({ at: mount.at, lower: source(mount), upper: `/.deja/upper/${index}` }));
  const folders = [...FOLDERS, ...overlays.flatMap(({ upper }) => [`${upper}/data`, `${upper}/work`])];
  const lines = [`mkdir -p ${folders.join(' ')}`];
  for (const [path, text] of Object.entries(SYSTEM_FILES)) lines.push(`printf %s ${quote(text)} > ${path}`);
  layout.openings.forEach((opening, index) => lines.push(...openingLines(opening, `/.deja/points/${index}`)));
  for (const { at, lower, upper } of overlays) lines.push(...overlayLines(at, lower, upper));
  for (const mount of layout.onTop) lines.push(...placeLines(mount), `mount --rbind ${quote(source(mount))} ${quote(mount.at)}`);
  lines.push(...beforeAgent, ...kernelSettings());
  lines.push(`cd /; unset PWD OLDPWD; export PATH=${SYSTEM_PATH} HOME=/root TMPDIR=/tmp; exec ${agentCommand().map(quote).join(' ')}`);
  return `set -e\n${lines.join('\n')}\n`;
}

/** Files of the whole machine's kernel that the owner of the machine may write, whatever namespace he is in. */
const KERNEL_FILES = ['sys', 'sysrq-trigger', 'irq', 'bus', 'fs', 'mtrr', 'scsi', 'acpi'].map((name) => `/proc/${name}`);

/**
 * Root inside may be root of this machine, whom no namespace keeps from `kernel.core_pattern`. What is the sandbox's own is set before.
 * The application has no capability to undo this.
 */
function kernelSettings(): readonly string[] {
  return [
    'echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start',
    ...KERNEL_FILES.filter((path) => existsSync(path)).map((path) => `[ ! -e ${path} ] || mount -o bind,ro ${path} ${path}`),
  ];
}

/** A layer with the mount points that a folder lacks, under the folder itself: nobody has to be allowed to write to it. */
function openingLines({ folder, lacks }: Opening, points: string): readonly string[] {
  const places = lacks.map(({ path, kind }) => {
    const place = `${points}/${path}`;
    return kind === 'folder' ? `mkdir -p ${quote(place)}` : `mkdir -p ${quote(dirname(place))}; : > ${quote(place)}`;
  });
  return [...places, `mount -t overlay overlay -o ${quote(`userxattr,lowerdir=${points}:${layerPath(folder)}`)} ${quote(folder)}`];
}

function overlayLines(at: string, lower: string, upper: string): readonly string[] {
  const options = `userxattr,lowerdir=${layerPath(lower)},upperdir=${upper}/data,workdir=${upper}/work`;
  return [
    `[ -d ${quote(at)} ] || mkdir -p ${quote(at)}`,
    // A kernel before 5.11, or a file system that cannot be a lower layer: slower, but the same to the application.
    `mount -t overlay overlay -o ${quote(options)} ${quote(at)} 2>/.deja/overlay.log || { cat /.deja/overlay.log >&2; cp -a ${quote(lower)}/. ${quote(at)}/; }`,
  ];
}

function placeLines({ from, at }: Mount): readonly string[] {
  if (statSync(from).isDirectory()) return [`mkdir -p ${quote(at)}`];
  return [`mkdir -p ${quote(dirname(at))}`, `[ -e ${quote(at)} ] || : > ${quote(at)}`];
}

function agentCommand(): readonly string[] {
  return [ownPath(realpathSync(process.execPath)), ownPath(realpathSync(AGENT_ENTRY))];
}

/** Colons part layers and commas part options, unless after a backslash. */
function layerPath(path: string): string {
  return path.replace(/[\\:,]/g, String.raw`\$&`);
}

/** One word for the shell. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
