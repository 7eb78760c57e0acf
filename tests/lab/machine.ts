import { spawn, type ChildProcess } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHARACTER_DEVICE, cpio, FILE, FOLDER, PROGRAM } from '../../packages/sandbox/src/image/cpio.ts';
import { vmFolder } from '../../packages/sandbox/src/image/cache-folder.ts';
import { dependencyOf, unpackDebianPackage } from '../../packages/sandbox/src/image/debian-package.ts';
import { guestKernel } from '../../packages/sandbox/src/image/kernel.ts';
import { kernelModules } from '../../packages/sandbox/src/image/kernel-modules.ts';
import { makeOnce } from '../../packages/sandbox/src/image/make-once.ts';
import { vmlinuxOf } from '../../packages/sandbox/src/image/vmlinux.ts';

/**
 * A machine with a `/dev/kvm` that works, on any machine: QEMU emulates a processor of AMD with its virtualisation, and Debian's kernel makes KVM of it.
 * It sees the files of this machine, read-only with a layer in memory on top, and one folder that both share. Everything in it is some twenty times slower.
 */
export interface Lab {
  /** Same path on both sides. */
  readonly shared: string;
  /** Runs a script by bash, as root. Answers with its exit code and all that it printed. */
  run(script: string, limitMs?: number): Promise<{ readonly code: number; readonly output: string }>;
  stop(): Promise<void>;
}

const MODULES = ['virtio_pci', '9pnet_virtio', '9p', 'overlay', 'kvm-amd', 'vsock', 'loop'];
const MEMORY_MIB = 8192;

export async function startLab(): Promise<Lab> {
  const parts = await labParts();
  const shared = mkdtempSync(join(tmpdir(), 'deja-lab-'));
  const initramfs = join(shared, 'initramfs');
  writeFileSync(initramfs, Buffer.concat([readFileSync(parts.initramfs), cpio([{ path: 'init', mode: PROGRAM, content: initScript(parts.modules, shared) }])]));
  const child = spawn('qemu-system-x86_64', [
    '-M', 'q35', '-accel', 'tcg,thread=multi,tb-size=512', '-cpu', 'EPYC,+svm,+npt', '-smp', '2', '-m', String(MEMORY_MIB), '-nographic', '-nodefaults', '-no-reboot',
    '-kernel', parts.vmlinux, '-initrd', initramfs, '-append', 'console=ttyS0 quiet loglevel=3 panic=-1 nokaslr mitigations=off tsc=reliable',
    '-serial', 'stdio', '-device', 'virtio-rng-pci', ...share('/', 'host', ',readonly=on'), ...share(shared, 'shared', ''),
  ], { stdio: ['pipe', 'pipe', 'ignore'] });
  const console = new Console(child);
  await console.until('lab: ready', 120_000);
  let number = 0;
  return {
    shared,
    run: async (script, limitMs = 500_000) => {
      const name = join(shared, `job-${++number}`);
      writeFileSync(`${name}.sh`, script);
      child.stdin?.write(`bash ${name}.sh >${name}.out 2>&1; echo "lab: job ${number} ended with $?"\n`);
      const line = await console.until(`lab: job ${number} ended with `, limitMs);
      return { code: Number.parseInt(line, 10), output: readFileSync(`${name}.out`, 'utf8') };
    },
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      rmSync(shared, { recursive: true, force: true });
    },
  };
}

/** A folder of this machine for the guest. */
function share(path: string, tag: string, options: string): readonly string[] {
  return ['-virtfs', `local,path=${path},mount_tag=${tag},security_model=none,multidevs=remap${options}`];
}

/** What a serial console says, line by line. */
class Console {
  #text = '';
  #changed = Promise.withResolvers<void>();
  #ended = false;

  constructor(child: ChildProcess) {
    child.stdout?.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1').replaceAll('\r', '');
      this.#wake();
    });
    child.once('exit', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** What follows the words in their line. */
  async until(words: string, limitMs: number): Promise<string> {
    const late = setTimeout(() => this.#wake(), limitMs);
    const deadline = performance.now() + limitMs;
    try {
      for (;;) {
        const [, rest, ...more] = new RegExp(`${words}(.*)\n([^]*)`).exec(this.#text) ?? [];
        if (rest !== undefined) {
          this.#text = more.join('');
          return rest;
        }
        if (this.#ended || performance.now() >= deadline) throw new Error(`the lab ${this.#ended ? 'ended' : `took more than ${limitMs} ms`} before it said '${words}'; its last words: ${this.#text.slice(-2000)}`);
        await this.#changed.promise;
      }
    } finally {
      clearTimeout(late);
    }
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

interface LabParts {
  readonly vmlinux: string;
  readonly initramfs: string;
  readonly modules: readonly string[];
}

/** Debian's kernel for all machines: unlike the one for clouds it can share folders. Got once. */
async function labParts(): Promise<LabParts> {
  const name = await dependencyOf('linux-image-amd64', /^linux-image-\d/);
  const { busybox } = await guestKernel();
  const folder = await makeOnce(join(vmFolder(), `kernel-lab-${name}`), async (draft) => {
    const unpacked = join(draft, 'package');
    mkdirSync(draft, { recursive: true });
    await unpackDebianPackage(name, unpacked);
    const [image = ''] = globSync('boot/vmlinuz-*', { cwd: unpacked });
    const [modulesFolder = ''] = globSync('lib/modules/*', { cwd: unpacked });
    writeFileSync(join(draft, 'vmlinux'), vmlinuxOf(readFileSync(join(unpacked, image)), image));
    const modules = kernelModules(join(unpacked, modulesFolder), MODULES);
    writeFileSync(join(draft, 'modules.json'), JSON.stringify(modules.map((module) => module.name)));
    writeFileSync(join(draft, 'initramfs'), cpio([
      ...['bin', 'dev', 'proc', 'sys', 'modules', 'host', 'rw', 'new'].map((path) => ({ path, mode: FOLDER })),
      { path: 'dev/console', mode: CHARACTER_DEVICE, device: [5, 1] as const },
      { path: 'bin/busybox', mode: PROGRAM, content: readFileSync(busybox) },
      ...modules.map((module) => ({ path: `modules/${module.name}.ko`, mode: FILE, content: module.bytes })),
    ]));
    rmSync(unpacked, { recursive: true });
  });
  return { vmlinux: join(folder, 'vmlinux'), initramfs: join(folder, 'initramfs'), modules: JSON.parse(readFileSync(join(folder, 'modules.json'), 'utf8')) as string[] };
}

function initScript(modules: readonly string[], shared: string): string {
  const share = 'trans=virtio,version=9p2000.L,msize=512000';
  return `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in ${modules.join(' ')}; do insmod /modules/$module.ko || echo "lab: no module $module"; done
mount -t 9p -o ${share},ro,cache=loose host /host
mount -t tmpfs -o size=7g tmpfs /rw
mkdir /rw/data /rw/work
mount -t overlay -o lowerdir=/host,upperdir=/rw/data,workdir=/rw/work overlay /new
for folder in proc sys dev; do mount --move /$folder /new/$folder; done
mkdir -p /new/dev/shm /new/dev/pts
mount -t tmpfs tmpfs /new/dev/shm
mount -t devpts devpts /new/dev/pts
for folder in tmp run; do mount -t tmpfs tmpfs /new/$folder; done
mount -t cgroup2 cgroup2 /new/sys/fs/cgroup
mkdir -p /new${shared}
mount -t 9p -o ${share},cache=none shared /new${shared}
exec chroot /new /bin/bash -c 'ip link set lo up; stty -echo -onlcr; cd ${process.cwd()}; export HOME=/root PATH=${process.env['PATH'] ?? ''}; echo "lab: ready"; while IFS= read -r line; do eval "$line"; done' </new/dev/ttyS0 >/new/dev/ttyS0 2>&1
`;
}
