import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReplayInstructions } from '@deja/format';
import type { StubDivergence } from '@deja/stubs';
import { type Clock, machineClock } from '@deja/stubs/clock';
import { giveToApp, letAppIn } from './app-root.js';
import type { Injected } from './app-env.js';
import { startDatabases } from './databases.js';
import { layOutFiles } from './files.js';
import { makeMachine } from './machine.js';
import { applyNetwork } from './network.js';
import type { GuestPlan } from './plan.js';
import { startRedisEngines } from './redis-engines.js';
import { loadStubs, startStubServers, type StubServers } from './stub-servers.js';
import { FastForward } from './time/fast-forward.js';
import type { WarmEngines } from './warm-engines.js';

/** Everything around the application, made as the plan says and running. */
export interface World {
  readonly plan: GuestPlan;
  readonly injected: Injected;
  /** The time of the stubs, and of all that the agent waits for while the application runs. */
  readonly clock: Clock;
  /** Where waiting shall be passed over. */
  readonly fastForward: FastForward | null;
  /** Rows for the tables that the application has made itself, where it does. */
  addRows(): Promise<void>;
  /** What the databases take for the time is what was recorded, from now on. */
  setClocks(): Promise<void>;
  /** Has a broker hand a recorded message to the application. */
  readonly deliver: StubServers['deliver'];
  divergences(): readonly StubDivergence[];
  notes(): readonly string[];
  stop(): Promise<void>;
}

/** A part of the world that has to be ended. */
export interface Part {
  stop(): Promise<void>;
}

/**
 * @throws DejaError what could not be made, with what was made before ended again
 */
export async function makeWorld(plan: GuestPlan, warm: WarmEngines): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), `deja-guest-${process.pid}-`));
  const parts: Part[] = [{ stop: async () => rmSync(folder, { recursive: true, force: true }) }];
  const stop = async (): Promise<void> => {
    for (const part of parts.splice(0).toReversed()) await part.stop();
  };
  try {
    if (plan.network.mode === 'isolated') {
      makeMachine(plan);
      await applyNetwork(plan);
    }
    const loading = loadStubs(plan);
    loading?.catch(() => undefined);
    const databases = await startDatabases(plan, folder, warm);
    parts.push(databases);
    await databases.setClocks();
    const unlike = plan.network.mode === 'isolated' ? layOutFiles(plan) : [];
    const fastForward = plan.fastForward ? await FastForward.open(folder) : null;
    if (fastForward) parts.push({ stop: () => fastForward[Symbol.asyncDispose]() });
    const clock = fastForward?.clock ?? machineClock;
    const redis = await startRedisEngines(plan, folder);
    parts.push(redis);
    const stubs = await startStubServers(plan, { databases, redis }, loading, clock);
    parts.push(stubs);
    const injected = writeInstructions(plan, folder, stubs, fastForward);
    const notes = (): readonly string[] => [...redis.notes, ...unlike, ...stubs.notes(), ...(fastForward ? [fastForward.account] : [])];
    return { plan, injected, clock, fastForward, addRows: () => databases.addRows(), setClocks: () => databases.setClocks(), deliver: (message, ended) => stubs.deliver(message, ended), divergences: () => stubs.divergences(), notes, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function writeInstructions(plan: GuestPlan, folder: string, stubs: StubServers, fastForward: FastForward | null): Injected {
  const out = join(folder, 'out');
  mkdirSync(out);
  letAppIn(folder);
  giveToApp(plan.app, out);
  const replay = join(folder, 'replay.json');
  const instructions: ReplayInstructions = {
    ...plan.replay,
    ...(stubs.ca !== undefined && { ca: stubs.ca }),
    ...(fastForward && { time: fastForward.time }),
    ...(plan.network.mode === 'redirected' && { redirect: [...(plan.replay.redirect ?? []), ...stubs.redirect] }),
  };
  writeFileSync(replay, JSON.stringify(instructions));
  return { folder, out, replay, ...(stubs.ca !== undefined && { ca: stubs.ca }) };
}
