import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import type { Duplex, Readable, Writable } from 'node:stream';
import type { GuestPlan } from '@deja/guest';
import { placeOwnParts } from '../../layout/place.js';
import { SYSTEM_PATH } from '../../layout/system-path.js';
import type { SandboxSpec, StartedSandbox } from '../../sandbox.js';
import { connectAgent } from '../../started.js';
import { CONSOLE_FD, CONTROL_FD, qemuArguments, STATE_FD, type Machine } from './command-line.js';
import { Qmp } from './qmp.js';
import type { Template } from './template.js';

const QEMU = 'qemu-system-x86_64';

/** A running machine with the agent in it. */
export interface RunningMachine {
  readonly agent: StartedSandbox;
  readonly control: Qmp;
}

/** Boots a machine; its memory is kept in `memory` for a template. Throws DEJA_SANDBOX_FAILED. */
export async function boot(machine: Omit<Machine, 'memory'>, memory: string, onLog: SandboxSpec['onLog']): Promise<RunningMachine> {
  return await begin({ ...machine, memory: { path: memory, keep: true } }, onLog);
}

/** A copy of a machine that was stopped: goes on where that was. Throws DEJA_SANDBOX_FAILED. */
export async function resume(machine: Omit<Machine, 'memory'>, template: Template, plan: GuestPlan, onLog: SandboxSpec['onLog']): Promise<RunningMachine> {
  return await begin({ ...machine, memory: { path: template.memory, keep: false } }, onLog, { template, plan });
}

async function begin(machine: Machine, onLog: SandboxSpec['onLog'], from?: { readonly template: Template; readonly plan: GuestPlan }): Promise<RunningMachine> {
  const began = performance.now();
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', QEMU, ...qemuArguments(machine)], { stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'], env: { PATH: SYSTEM_PATH }, cwd: '/', detached: true });
  const pipes: readonly (Readable | Writable | null | undefined)[] = child.stdio;
  const control = new Qmp(pipes[CONTROL_FD] as Duplex);
  if (from) {
    const into = pipes[STATE_FD] as Writable;
    // QEMU ends when the state is no good, and says why on standard error.
    into.on('error', () => undefined);
    createReadStream(from.template.state).pipe(into);
  }
  const agent = await connectAgent(
    { name: 'qemu', child, console: pipes[CONSOLE_FD] as Readable, ...(from && { applied: from.plan }), onLog, place: placeOwnParts, kill: () => child.kill('SIGKILL'), orderly: false },
    began,
  );
  if (!from) return { agent, control };
  try {
    await control.loadFrom(STATE_FD);
    return { agent, control };
  } catch (error) {
    await agent.stop();
    throw error;
  }
}
