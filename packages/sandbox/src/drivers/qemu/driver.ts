import { createHash } from 'node:crypto';
import type { Driver, SandboxSpec } from '../../sandbox.js';
import { partsOf } from '../vm/parts.js';
import { warmUpOf } from '../vm/ready-template.js';
import { TemplatedSandbox } from '../vm/templated.js';
import type { Vmm } from '../vm/vmm.js';
import { qemuArguments } from './command-line.js';
import { boot, resume } from './machine.js';
import { probeQemu, recallQemuWithKvm } from './probe.js';

const MEMORY_MIB = 1024;

/** Several runs are made of one specification: what they are made of is looked at once. */
const prepared = new WeakMap<SandboxSpec, Promise<Vmm>>();

/** A virtual machine by QEMU: a kernel, a file system and a network of its own, with KVM or by emulation. */
export const qemuDriver: Driver = {
  name: 'qemu',
  isolation: 'virtual machine',
  description: 'a virtual machine with a kernel, a file system and a network of its own; it has no network device',
  probe: async () => (await probeQemu()).result,
  recall: async () => recallQemuWithKvm(),

  async start(spec) {
    const began = performance.now();
    const known = prepared.get(spec) ?? prepare(spec);
    prepared.set(spec, known);
    const vmm = await known;
    return new TemplatedSandbox(vmm, { warmUp: warmUpOf(spec), onLog: spec.onLog }, performance.now() - began);
  },
};

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
