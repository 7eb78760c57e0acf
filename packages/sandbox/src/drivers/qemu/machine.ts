import { execFile, spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import type { Duplex, Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { placeOwnParts } from '../../layout/place.js';
import { SYSTEM_PATH } from '../../layout/system-path.js';
import type { SandboxSpec } from '../../sandbox.js';
import { connectAgent } from '../../started.js';
import type { Template } from '../vm/template.js';
import type { Machine, SavedMachine } from '../vm/vmm.js';
import { CONSOLE_FD, CONTROL_FD, QEMU, qemuArguments, STATE_FD, type MachineOptions } from './command-line.js';
import { Qmp } from './qmp.js';
import { saveState } from './save-state.js';

const run = promisify(execFile);

type Options = Omit<MachineOptions, 'memory' | 'incoming'>;

/** Boots a machine whose memory is the file of the template that it will become. Throws DEJA_SANDBOX_FAILED. */
export async function boot(options: Options, into: Template, onLog: SandboxSpec['onLog']): Promise<Machine> {
  return await begin({ ...options, memory: { path: into.memory, keep: true }, incoming: false }, onLog, into);
}

/** A copy of a machine that was stopped: goes on where that was. Throws DEJA_SANDBOX_FAILED. */
export async function resume(options: Options, from: SavedMachine, onLog: SandboxSpec['onLog'], into?: Template): Promise<Machine> {
  if (into) await run('cp', ['--sparse=always', '--reflink=auto', from.template.memory, into.memory], { env: { PATH: SYSTEM_PATH } });
  const memory = into ? { path: into.memory, keep: true } : { path: from.template.memory, keep: false };
  return await begin({ ...options, memory, incoming: true }, onLog, into, from);
}

async function begin(options: MachineOptions, onLog: SandboxSpec['onLog'], into: Template | undefined, from?: SavedMachine): Promise<Machine> {
  const began = performance.now();
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', QEMU, ...qemuArguments(options)], { stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'], env: { PATH: SYSTEM_PATH }, cwd: '/', detached: true });
  const pipes: readonly (Readable | Writable | null | undefined)[] = child.stdio;
  const control = new Qmp(pipes[CONTROL_FD] as Duplex);
  if (from) {
    const state = pipes[STATE_FD] as Writable;
    // QEMU ends when the state is no good, and says why on standard error.
    state.on('error', () => undefined);
    createReadStream(from.template.state).pipe(state);
  }
  const agent = await connectAgent(
    {
      name: 'qemu', child, console: pipes[CONSOLE_FD] as Readable, onLog, place: placeOwnParts, kill: () => child.kill('SIGKILL'), orderly: false,
      ...(from && {
        arrive: async (client) => {
          await control.loadFrom(STATE_FD);
          await client.goOn(from.applied);
        },
      }),
    },
    began,
  );
  return {
    agent,
    save: async () => {
      if (!into) throw new TypeError('this machine was not said to be saved');
      await saveState(control, into);
    },
  };
}
