import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import type { SandboxSpec } from '../../sandbox.js';
import { partsOf } from '../vm/parts.js';
import { vmDriver } from '../vm/vm-driver.js';
import type { Vmm } from '../vm/vmm.js';
import { locateFirecracker } from './binary.js';
import { kernelCommandLine } from './kernel-command-line.js';
import { boot, resume } from './machine.js';
import { probeFirecracker, recallFirecracker } from './probe.js';
import { sweep } from './sweep.js';

const MEMORY_MIB = 1024;

/** A virtual machine by Firecracker, in a jail where we are root: the smallest program between a guest and this machine. */
export const firecrackerDriver = vmDriver({
  name: 'firecracker',
  description: 'a Firecracker virtual machine with a kernel, a file system and a network of its own; it has no network device',
  probe: async () => await probeFirecracker(),
  recall: async () => await recallFirecracker(),
  prepare,
});

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
