import { readFileSync } from 'node:fs';
import { AGENT_PORT } from '../vm/pid-one.js';
import type { Images } from '../vm/images.js';

export const QEMU = 'qemu-system-x86_64';

/** Numbers of the pipes beside standard input, output and error: the guest's console, QEMU's control, the state that a machine goes on from. */
export const CONSOLE_FD = 3;
export const CONTROL_FD = 4;
export const STATE_FD = 5;

/** Real virtualisation, or software that emulates it. */
export type Accelerator = 'kvm' | 'tcg';

/** What is needed to boot at all. */
export interface Bootable {
  readonly kernel: string;
  readonly initramfs: string;
  readonly accelerator: Accelerator;
  readonly memoryMib: number;
  /** The kernel says what it does: for finding out whether it does anything. */
  readonly talkative?: boolean;
}

export interface MachineOptions extends Bootable {
  readonly images: Images;
  /** File of the machine's memory. `keep`: what is written to it stays, for a template; else it is only read. */
  readonly memory?: { readonly path: string; readonly keep: boolean };
  /** Waits for a state to go on from, instead of booting. */
  readonly incoming?: boolean;
}

/** QEMU's smallest machine: no network, no firmware menus, no PCI. What it may do on the host is cut down by its own seccomp filter. */
export function bootArguments({ kernel, initramfs, accelerator, memoryMib, talkative = false }: Bootable, memoryBackend?: string): readonly string[] {
  const board = `microvm,accel=${accelerator},x-option-roms=off,isa-serial=on,rtc=on${memoryBackend === undefined ? '' : `,memory-backend=${memoryBackend}`}`;
  return [
    '-M', board, '-cpu', accelerator === 'kvm' ? 'host' : 'max', '-smp', '1', '-m', `${memoryMib}M`,
    '-nodefaults', '-no-user-config', '-nographic', '-no-reboot',
    '-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny',
    '-kernel', kernel, '-initrd', initramfs, '-append', kernelCommandLine(accelerator, talkative),
  ];
}

/**
 * A machine with images and the agent's channel. The protocol is on standard input and output, the console on a pipe of its own.
 */
export function qemuArguments(machine: MachineOptions): readonly string[] {
  const { images, memoryMib, memory, incoming } = machine;
  return [
    ...bootArguments(machine, memory && 'ram'),
    ...(memory ? ['-object', `memory-backend-file,id=ram,size=${memoryMib}M,mem-path=${escaped(memory.path)},share=${memory.keep ? 'on' : 'off'}`] : []),
    ...(incoming ? ['-incoming', 'defer'] : []),
    ...drive('base', images.base.path), ...drive('app', images.app.path),
    '-chardev', 'stdio,id=agent,signal=off', '-device', 'virtio-serial-device', '-device', `virtserialport,chardev=agent,name=${AGENT_PORT}`,
    '-chardev', `socket,id=console,fd=${CONSOLE_FD}`, '-serial', 'chardev:console',
    '-chardev', `socket,id=control,fd=${CONTROL_FD}`, '-mon', 'chardev=control,mode=control',
  ];
}

/** Commas part QEMU's options, unless doubled. */
function escaped(path: string): string {
  return path.replaceAll(',', ',,');
}

/** A disk that several machines read at once. */
function drive(id: string, path: string): readonly string[] {
  return ['-drive', `id=${id},file=${escaped(path)},format=raw,if=none,readonly=on,file.locking=off`, '-device', `virtio-blk-device,drive=${id}`];
}

function kernelCommandLine(accelerator: Accelerator, talkative: boolean): string {
  const words = ['console=ttyS0', ...(talkative ? ['earlyprintk=serial'] : ['quiet', 'loglevel=3']), 'reboot=t', 'panic=-1', 'nokaslr', 'mitigations=off', 'cryptomgr.notests', 'random.trust_cpu=on', 'no_timer_check'];
  // Emulated, the clock's frequency cannot be measured reliably: it is told.
  const khz = accelerator === 'tcg' ? timestampKhz() : undefined;
  return [...words, ...(khz === undefined ? [] : [`tsc_early_khz=${khz}`])].join(' ');
}

function timestampKhz(): number | undefined {
  const mhz = /^cpu MHz\s*:\s*([\d.]+)$/m.exec(readFileSync('/proc/cpuinfo', 'latin1'))?.[1];
  return mhz === undefined ? undefined : Math.round(Number(mhz) * 1000);
}
