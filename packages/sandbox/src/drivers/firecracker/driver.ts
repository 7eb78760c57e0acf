import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import type { Driver, SandboxSpec } from '../../sandbox.js';
import { partsOf } from '../vm/parts.js';
import { warmUpOf } from '../vm/ready-template.js';
import { TemplatedSandbox } from '../vm/templated.js';
import type { Vmm } from '../vm/vmm.js';
import { locateFirecracker } from './binary.js';
import { kernelCommandLine } from './kernel-command-line.js';
import { boot, resume } from './machine.js';
import { probeFirecracker, recallFirecracker } from './probe.js';
import { sweep } from './sweep.js';

const MEMORY_MIB = 1024;

const prepared = new WeakMap<SandboxSpec, Promise<Vmm>>();

/** A virtual machine by Firecracker, in a jail where we are root: the smallest program between a guest and this machine. */
export const firecrackerDriver: Driver = {
  name: 'firecracker',
  isolation: 'virtual machine',
  description: 'a Firecracker virtual machine with a kernel, a file system and a network of its own; it has no network device',
  probe: async () => await probeFirecracker(),
  recall: async () => await recallFirecracker(),

  async start(spec) {
    const began = performance.now();
    const known = prepared.get(spec) ?? prepare(spec);
    prepared.set(spec, known);
    const vmm = await known;
    return new TemplatedSandbox(vmm, { warmUp: warmUpOf(spec), onLog: spec.onLog }, performance.now() - began);
  },
};

async function prepare(spec: SandboxSpec): Promise<Vmm> {
  const [programs, parts] = await Promise.all([locateFirecracker(), partsOf(spec, 'vsock'), sweep()]);
  const options = { programs, ...parts, memoryMib: MEMORY_MIB };
  return {
    name: 'firecracker',
    // A saved machine goes on only on the same processor, kernel and Firecracker. Parts are named by paths that say what is in them.
    key: createHash('sha256').update(JSON.stringify([programs.version, processor(), release(), kernelCommandLine('silent'), parts, MEMORY_MIB])).digest('hex'),
    boot: (into, onLog) => boot(options, into, onLog),
    resume: (from, onLog, into) => resume(options, from, onLog, into),
  };
}

function processor(): string {
  return /^model name\s*:.*$/m.exec(readFileSync('/proc/cpuinfo', 'latin1'))?.[0] ?? '';
}
