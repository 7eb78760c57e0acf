import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { AGENT_ENTRY } from '@deja/guest';
import { guestKernel } from '../../image/kernel.js';
import { ownPath } from '../../layout/layout.js';
import { placeOwnParts } from '../../layout/place.js';
import type { Driver } from '../../sandbox.js';
import { connectAgent } from '../../started.js';
import { imagesOf, PID_ONE } from '../vm/images.js';
import { initramfsWith } from '../vm/initramfs.js';
import { initScript } from '../vm/pid-one.js';
import { CONSOLE_FD, qemuArguments } from './command-line.js';
import { probeQemu } from './probe.js';

const QEMU = 'qemu-system-x86_64';
const MEMORY_MIB = 1024;

/** A virtual machine by QEMU: a kernel, a file system and a network of its own, with KVM or by emulation. */
export const qemuDriver: Driver = {
  name: 'qemu',
  isolation: 'virtual machine',
  description: 'a virtual machine with a kernel, a file system and a network of its own; it has no network device',
  probe: async () => (await probeQemu()).result,

  async start(spec) {
    const began = performance.now();
    const { accelerator } = await probeQemu();
    const kernel = await guestKernel();
    const images = await imagesOf(spec, kernel);
    const agent = [ownPath(realpathSync(process.execPath)), ownPath(realpathSync(AGENT_ENTRY))];
    const initramfs = await initramfsWith(kernel, initScript(kernel.modules, agent, PID_ONE));
    const args = qemuArguments({ kernel: kernel.vmlinux, initramfs, images, accelerator: accelerator ?? 'tcg', memoryMib: MEMORY_MIB });
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', QEMU, ...args], { stdio: ['pipe', 'pipe', 'pipe', 'pipe'], cwd: '/', detached: true });
    return await connectAgent({ name: 'qemu', child, console: child.stdio[CONSOLE_FD] as Readable, onLog: spec.onLog, place: placeOwnParts, kill: () => child.kill('SIGKILL'), orderly: false }, began);
  },
};
