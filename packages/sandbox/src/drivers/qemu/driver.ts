import { createHash } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import { AGENT_ENTRY } from '@deja/guest';
import type { Image } from '../../image/erofs.js';
import { guestKernel } from '../../image/kernel.js';
import { ownPath } from '../../layout/layout.js';
import type { Driver, SandboxSpec } from '../../sandbox.js';
import { imagesOf, PID_ONE, type Images } from '../vm/images.js';
import { initramfsWith } from '../vm/initramfs.js';
import { initScript } from '../vm/pid-one.js';
import { warmUpOf } from '../vm/ready-template.js';
import { TemplatedSandbox } from '../vm/templated.js';
import type { Vmm } from '../vm/vmm.js';
import { qemuArguments } from './command-line.js';
import { boot, resume } from './machine.js';
import { probeQemu } from './probe.js';

const MEMORY_MIB = 1024;

/** Several runs are made of one specification: what they are made of is looked at once. */
const prepared = new WeakMap<SandboxSpec, Promise<Vmm>>();

/** A virtual machine by QEMU: a kernel, a file system and a network of its own, with KVM or by emulation. */
export const qemuDriver: Driver = {
  name: 'qemu',
  isolation: 'virtual machine',
  description: 'a virtual machine with a kernel, a file system and a network of its own; it has no network device',
  probe: async () => (await probeQemu()).result,

  async start(spec) {
    const began = performance.now();
    const known = prepared.get(spec) ?? prepare(spec);
    prepared.set(spec, known);
    const vmm = await known;
    return new TemplatedSandbox(vmm, { warmUp: warmUpOf(spec), onLog: spec.onLog }, performance.now() - began);
  },
};

/** Makes kernel and images unless they are there. @throws DejaError DEJA_KERNEL_UNUSABLE, DEJA_IMAGE_FAILED, DEJA_SYSTEM_PART_MISSING, DEJA_SANDBOX_APP_ROOT */
export async function buildImages(spec: SandboxSpec): Promise<Images & { readonly kernel: Image }> {
  const kernel = await guestKernel();
  const images = await imagesOf(spec, kernel);
  return { kernel: { path: kernel.vmlinux, key: kernel.key, bytes: statSync(kernel.vmlinux).size }, ...images };
}

async function prepare(spec: SandboxSpec): Promise<Vmm> {
  const { accelerator, version } = await probeQemu();
  const kernel = await guestKernel();
  const images = await imagesOf(spec, kernel);
  const agent = [ownPath(realpathSync(process.execPath)), ownPath(realpathSync(AGENT_ENTRY))];
  const initramfs = await initramfsWith(kernel, initScript(kernel.modules, agent, PID_ONE));
  const options = { kernel: kernel.vmlinux, initramfs, images, accelerator: accelerator ?? ('tcg' as const), memoryMib: MEMORY_MIB };
  return {
    name: 'qemu',
    // The arguments name kernel, images and initramfs by paths that say what is in them.
    key: createHash('sha256').update(JSON.stringify([version, qemuArguments(options)])).digest('hex'),
    boot: (into, onLog) => boot(options, into, onLog),
    resume: (from, onLog, into) => resume(options, from, onLog, into),
  };
}
