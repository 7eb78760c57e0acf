import { globSync, readFileSync, statSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { DejaError } from '@deja/format';
import { indexFolder, vmFolder } from './cache-folder.js';
import { CHARACTER_DEVICE, cpio, FILE, FOLDER, PROGRAM } from './cpio.js';
import { dependencyOf, unpackDebianPackage } from './debian-package.js';
import { stampOf } from './file-index.js';
import { kernelModules, type KernelModule } from './kernel-modules.js';
import { makeOnce } from './make-once.js';
import { ownParts, type OwnParts } from './own-parts.js';
import { vmlinuxOf } from './vmlinux.js';

/** What a guest needs that Debian's kernel has as modules, over MMIO (microvm, Firecracker) or PCI. */
const MODULES = ['virtio_mmio', 'virtio_pci', 'virtio_blk', 'virtio_console', 'vmw_vsock_virtio_transport', 'erofs', 'overlay'];
const DEBIAN_KERNEL = 'linux-image-cloud-amd64';
const APT_KNOWS = ['/var/lib/apt/lists', '/var/lib/dpkg/status', '/etc/apt', '/etc/apt/sources.list', '/etc/apt/sources.list.d', '/etc/apt/preferences.d'];
/** Raise when what is made of a kernel changes. */
const VERSION = 2;

export interface Kernel {
  readonly name: string;
  /** Path of the uncompressed kernel. */
  readonly vmlinux: string;
  /** Path of an archive with busybox and modules; the guest's own /init is appended to it. */
  readonly initramfs: string;
  /** Path of the busybox in it. */
  readonly busybox: string;
  /** Names of the modules in it, in the order of loading. */
  readonly modules: readonly string[];
  /** Identifies both files. */
  readonly key: string;
}

/**
 * The guest's kernel: Debian's for clouds (got by apt, not installed), or the user's own, and the same of the busybox beside it.
 *
 * @throws DejaError DEJA_KERNEL_UNUSABLE, DEJA_BUSYBOX_UNUSABLE, DEJA_SYSTEM_PART_MISSING
 */
export async function guestKernel(): Promise<Kernel> {
  const own = ownParts(MODULES);
  const name = own.kernel === undefined ? await debianKernelName() : basename(own.kernel.path);
  const source = [...(own.kernel === undefined ? [name] : []), ...(own.digest === '' ? [] : [own.digest])].join('-');
  const folder = await makeOnce(join(vmFolder(), `kernel-${VERSION}-${source}`), async (draft) => {
    const { image, path, modules } = own.kernel ?? (await debianKernel(name, join(draft, 'package')));
    const vmlinux = vmlinuxOf(image, path);
    await make(draft, vmlinux, modules, own.busybox ?? (await debianBusybox(join(draft, 'busybox-package'))));
  });
  const { modules, key } = JSON.parse(await readFile(join(folder, 'kernel.json'), 'utf8')) as Pick<Kernel, 'modules' | 'key'>;
  return { name, vmlinux: join(folder, 'vmlinux'), initramfs: join(folder, 'initramfs.cpio'), busybox: join(folder, 'busybox'), modules, key };
}

let debianName: Promise<string> | undefined;

async function debianKernelName(): Promise<string> {
  if (process.arch !== 'x64') throw new DejaError('DEJA_KERNEL_UNUSABLE', `virtual machines are made for x86-64, this machine is ${process.arch}`, { hint: 'Use --sandbox namespace.' });
  return await (debianName ??= askApt());
}

/** apt takes most of a second to answer: it is asked again when what it knows has changed. */
async function askApt(): Promise<string> {
  const known = APT_KNOWS.map((path) => statSync(path, { bigint: true, throwIfNoEntry: false })).map((stat) => stat && stampOf(stat));
  const key = createHash('sha256').update(JSON.stringify([DEBIAN_KERNEL, known])).digest('hex').slice(0, 16);
  const path = await makeOnce(join(indexFolder(), `kernel-${key}`), async (draft) => writeFile(draft, await dependencyOf(DEBIAN_KERNEL, /^linux-image-\d/)));
  return await readFile(path, 'utf8');
}

async function make(folder: string, vmlinux: Buffer, modules: readonly KernelModule[], busybox: Buffer): Promise<void> {
  const initramfs = cpio([
    ...['bin', 'dev', 'proc', 'sys', 'modules', 'layers', 'rw', 'root'].map((path) => ({ path, mode: FOLDER })),
    { path: 'dev/console', mode: CHARACTER_DEVICE, device: [5, 1] as const },
    { path: 'bin/busybox', mode: PROGRAM, content: busybox },
    ...modules.map(({ name, bytes }) => ({ path: `modules/${name}.ko`, mode: FILE, content: bytes })),
  ]);
  for (const [name, bytes] of [['vmlinux', vmlinux], ['initramfs.cpio', initramfs], ['busybox', busybox]] as const) await writeFile(join(folder, name), bytes, { mode: 0o755 });
  const key = createHash('sha256').update(vmlinux).update(initramfs).digest('hex').slice(0, 16);
  await writeFile(join(folder, 'kernel.json'), JSON.stringify({ modules: modules.map(({ name }) => name), key }));
  await Promise.all(['package', 'busybox-package'].map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

async function debianKernel(name: string, folder: string): Promise<NonNullable<OwnParts['kernel']>> {
  await unpackDebianPackage(name, folder);
  const path = only(join(folder, 'boot'), 'vmlinuz-*');
  return { path, image: readFileSync(path), modules: kernelModules(only(join(folder, 'lib', 'modules'), '*'), MODULES) };
}

async function debianBusybox(folder: string): Promise<Buffer> {
  await unpackDebianPackage('busybox-static', folder);
  return readFileSync(join(folder, 'bin', 'busybox'));
}

function only(folder: string, pattern: string): string {
  const [found] = globSync(pattern, { cwd: folder });
  if (found === undefined) throw new DejaError('DEJA_KERNEL_UNUSABLE', `the kernel's package has no ${pattern}`, { hint: 'Give a kernel yourself: DEJA_KERNEL=/path/to/vmlinux' });
  return join(folder, found);
}
