import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { vmFolder } from '../../image/cache-folder.js';
import { placeOwnParts } from '../../layout/place.js';
import { SYSTEM_PATH } from '../../layout/system-path.js';
import type { SandboxSpec } from '../../sandbox.js';
import { connectAgent } from '../../started.js';
import type { Images } from '../vm/images.js';
import { AGENT_VSOCK_PORT } from '../vm/pid-one.js';
import type { Template } from '../vm/template.js';
import type { Machine, SavedMachine } from '../vm/vmm.js';
import { FirecrackerApi } from './api.js';
import type { Firecracker } from './binary.js';
import { kernelCommandLine } from './kernel-command-line.js';
import { startReaped, type Evidence } from './reaper.js';
import { connectVsock } from './vsock.js';
import { FILE, makeWorkplace, takeOut, type Workplace } from './workplace.js';

const run = promisify(execFile);
/** Firecracker's own start takes 6 to 60 ms. */
const API_POLL_MS = 1;
const API_MS = 10_000;
/** The guest's own address; any number above 2. */
const GUEST_CID = 3;

export interface MachineOptions {
  readonly programs: Firecracker;
  readonly kernel: string;
  readonly initramfs: string;
  readonly images: Images;
  readonly memoryMib: number;
}

/** Boots a machine, with nothing but two disks and a vsock. Throws DEJA_SANDBOX_FAILED. */
export async function boot(options: MachineOptions, into: Template, onLog: SandboxSpec['onLog']): Promise<Machine> {
  const { kernel, initramfs, images, memoryMib } = options;
  return await begin(options, onLog, into, async (api, workplace) => {
    const files = { [FILE.kernel]: kernel, [FILE.initramfs]: initramfs, [FILE.base]: images.base.path, [FILE.app]: images.app.path };
    await Promise.all(Object.entries(files).map(([name, path]) => workplace.bring(path, name)));
    await api.send('PUT /machine-config', { vcpu_count: 1, mem_size_mib: memoryMib });
    await api.send('PUT /boot-source', { kernel_image_path: FILE.kernel, initrd_path: FILE.initramfs, boot_args: kernelCommandLine('silent') });
    for (const id of ['base', 'app'] as const) await api.send(`PUT /drives/${id}`, { drive_id: id, path_on_host: FILE[id], is_root_device: false, is_read_only: true });
    await api.send('PUT /vsock', { guest_cid: GUEST_CID, uds_path: FILE.vsock });
    await api.send('PUT /actions', { action_type: 'InstanceStart' });
  });
}

/** A copy of a machine that was stopped: goes on where that was. Throws DEJA_SANDBOX_FAILED. */
export async function resume(options: MachineOptions, from: SavedMachine, onLog: SandboxSpec['onLog'], into?: Template): Promise<Machine> {
  const { images } = options;
  const configure = async (api: FirecrackerApi, workplace: Workplace): Promise<void> => {
    const files = { [FILE.base]: images.base.path, [FILE.app]: images.app.path, [FILE.memory]: from.template.memory, [FILE.state]: from.template.state };
    await Promise.all(Object.entries(files).map(([name, path]) => workplace.bring(path, name)));
    await api.send('PUT /snapshot/load', { snapshot_path: FILE.state, mem_backend: { backend_type: 'File', backend_path: FILE.memory }, resume_vm: true });
  };
  return await begin(options, onLog, into, configure, from);
}

async function begin(
  { programs, memoryMib }: MachineOptions, onLog: SandboxSpec['onLog'], into: Template | undefined, configure: (api: FirecrackerApi, workplace: Workplace) => Promise<void>, from?: SavedMachine,
): Promise<Machine> {
  const began = performance.now();
  const workplace = await makeWorkplace(programs, memoryMib);
  const evidence = { files: [FILE.log, FILE.metrics].map((name) => join(workplace.folder, name)), to: keptFolder() };
  const child = startReaped({ ...workplace, evidence });
  const api = new FirecrackerApi(join(workplace.folder, FILE.api));
  const agent = await connectAgent(
    {
      name: 'firecracker', child, onLog, place: placeOwnParts, orderly: false,
      ...(child.stdout && { console: child.stdout }),
      connect: async (ended) => {
        await listening(join(workplace.folder, FILE.api), ended);
        await configure(api, workplace);
        return await connectVsock(join(workplace.folder, FILE.vsock), AGENT_VSOCK_PORT, AbortSignal.any([ended, AbortSignal.timeout(AGENT_MS)]));
      },
      arrive: async (client) => {
        await client.ready();
        if (from) await client.goOn(from.applied);
      },
      // The reaper does the rest.
      kill: () => child.stdin?.destroy(),
      keepTraces: () => keepTraces(evidence),
      cleanUp: async () => api[Symbol.dispose](),
    },
    began,
  );
  return {
    agent,
    save: async () => {
      if (!into) throw new TypeError('this machine was not said to be saved');
      await api.send('PATCH /vm', { state: 'Paused' });
      await api.send('PUT /snapshot/create', { snapshot_type: 'Full', snapshot_path: FILE.savedState, mem_file_path: FILE.savedMemory });
      await takeOut(join(workplace.folder, FILE.savedMemory), into.memory);
      await run('fallocate', ['--dig-holes', into.memory], { env: { PATH: SYSTEM_PATH } });
      await takeOut(join(workplace.folder, FILE.savedState), into.state);
    },
  };
}

/** From nothing until somebody listens in the guest. */
const AGENT_MS = 60_000;

async function listening(socket: string, ended: AbortSignal): Promise<void> {
  const deadline = performance.now() + API_MS;
  while (!existsSync(socket)) {
    ended.throwIfAborted();
    if (performance.now() > deadline) throw new Error(`Firecracker did not open its API within ${API_MS} ms`);
    await sleep(API_POLL_MS);
  }
}

/** Firecracker's own log and counters tell what the guest could not. Its reaper keeps them when it ends by itself. */
async function keepTraces({ files, to }: Evidence): Promise<string> {
  await mkdir(to, { recursive: true });
  await Promise.all(files.map((file) => copyFile(file, join(to, basename(file))).catch(() => undefined)));
  return `Firecracker's log and metrics of this attempt are kept in ${to}. \`deja doctor\` tries every sandbox out.`;
}

function keptFolder(): string {
  return join(vmFolder(), 'failed-firecracker');
}
