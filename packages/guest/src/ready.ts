import type { Clock } from '@deja/stubs/clock';
import type { RunningApp } from './app.js';
import { inWords } from './app-end.js';
import { AgentError } from './failure.js';
import { closedPorts } from './listening.js';
import { FAILURE_LINES } from './output.js';
import type { AppOutput } from './output.js';
import type { GuestPlan } from './plan.js';
import type { AppEnd } from './protocol.js';

const FIRST_STEP_MS = 3;
const LAST_STEP_MS = 100;
/** Looking costs time that the application needs: what starts slowly is looked at seldom. */
const STEP_SHARE = 0.04;

/**
 * @throws AgentError DEJA_PORT_IN_USE
 */
export async function checkPortsAreFree(plan: GuestPlan): Promise<void> {
  const ports = portsOf(plan);
  const free = new Set(await closedPorts(ports));
  const taken = ports.filter((port) => !free.has(port));
  if (taken.length > 0) throw portInUse(taken, plan);
}

/**
 * Resolves when the application accepts connections at all its ports.
 *
 * @throws AgentError DEJA_APP_EXITED_EARLY, DEJA_APP_NOT_READY or DEJA_PORT_IN_USE, with the last lines it printed
 */
export async function waitUntilReady(plan: GuestPlan, app: RunningApp, output: AppOutput, clock: Clock): Promise<void> {
  const began = clock.now();
  const deadline = began + plan.deadlines.readyMs;
  for (;;) {
    const closed = await closedPorts(portsOf(plan));
    if (app.end) throw exitedEarly(app.end, closed, plan, output);
    if (closed.length === 0) return;
    if (clock.now() > deadline) throw notReady(closed, plan, output);
    const step = Math.min(Math.max(FIRST_STEP_MS, (clock.now() - began) * STEP_SHARE), LAST_STEP_MS);
    await Promise.race([clock.sleep(step), app.ended]);
  }
}

/** Resolves when the application accepts connections, or when the signal says that it is no longer worth waiting. */
export async function untilListening(plan: GuestPlan, clock: Clock, over: AbortSignal): Promise<void> {
  while (!over.aborted && (await closedPorts(portsOf(plan))).length > 0) await clock.sleep(LAST_STEP_MS);
}

function portsOf(plan: GuestPlan): readonly number[] {
  return [...new Set(plan.app.ready.map((ready) => ready.port))];
}

function exitedEarly(end: AppEnd, closed: readonly number[], plan: GuestPlan, output: AppOutput): AgentError {
  const lines = output.last(FAILURE_LINES);
  const refused = lines.map((line) => /EADDRINUSE.*?:(\d+)\s*$/.exec(line)?.[1]).find((port) => port !== undefined);
  if (refused !== undefined) return portInUse([Number(refused)], plan, lines);
  return new AgentError('DEJA_APP_EXITED_EARLY', `the application ${inWords(end)} before it listened${closed.length > 0 ? ` on port ${closed.join(', ')}` : ''}`, {
    hint: 'Its last lines of output say more. It was started with the recorded command, folder and environment.',
    output: lines,
  });
}

function notReady(closed: readonly number[], plan: GuestPlan, output: AppOutput): AgentError {
  return new AgentError('DEJA_APP_NOT_READY', `the application did not listen on port ${closed.join(', ')} within ${plan.deadlines.readyMs} ms`, {
    hint: 'It may wait for something that the recording does not have; its last lines of output may say for what.',
    output: output.last(FAILURE_LINES),
  });
}

function portInUse(ports: readonly number[], plan: GuestPlan, output?: readonly string[]): AgentError {
  const ours = plan.network.mode === 'isolated';
  return new AgentError('DEJA_PORT_IN_USE', `the application's port ${ports.join(', ')} is in use ${ours ? 'inside the sandbox' : 'on this machine'}`, {
    hint: ours
      ? 'A stub of the plan listens at the same address: check stubs and app.ready of the plan.'
      : 'Stop the program that listens there, or use --sandbox namespace, which has ports of its own.',
    ...(output && { output }),
  });
}
