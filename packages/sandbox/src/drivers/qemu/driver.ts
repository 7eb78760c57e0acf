import { createHash } from 'node:crypto';
import type { SandboxSpec } from '../../sandbox.js';
import { partsOf } from '../vm/parts.js';
import { vmDriver } from '../vm/vm-driver.js';
import type { Vmm } from '../vm/vmm.js';
import { qemuArguments } from './command-line.js';
import { boot, resume } from './machine.js';
import { probeQemu, recallQemuWithKvm } from './probe.js';

const MEMORY_MIB = 1024;

/** A virtual machine by QEMU: a kernel, a file system and a network of its own, with KVM or by emulation. */
export const qemuDriver = vmDriver({
  name: 'qemu',
  description: 'a virtual machine with a kernel, a file system and a network of its own; it has no network device',
  probe: async () => (await probeQemu()).result,
  recall: async () => recallQemuWithKvm(),
  prepare,
});

async function prepare(spec: SandboxSpec): Promise<Vmm> {
  const { accelerator, version } = await probeQemu();
  const options = { ...(await partsOf(spec, 'serial')), accelerator: accelerator ?? ('tcg' as const), memoryMib: MEMORY_MIB };
  return {
    name: 'qemu',
    // The arguments name kernel, images and initramfs by paths that say what is in them.
    key: createHash('sha256').update(JSON.stringify([version, qemuArguments(options)])).digest('hex'),
    boot: (into, onLog) => boot(options, into, onLog),
    resume: (from, onLog, into) => resume(options, from, onLog, into),
  };
}
