import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from './app.js';
import type { RunningApp } from './app.js';
import { appEnvironment } from './app-env.js';
import { AgentError } from './failure.js';
import { observe } from './observe.js';
import { AppOutput } from './output.js';
import { PackageOutbox } from './package-outbox.js';
import type { GuestPlan, WarmUp } from './plan.js';
import type { AppEnd, HostRequest, LogStream, Observation } from './protocol.js';
import { checkPortsAreFree, waitUntilReady } from './ready.js';
import { killStrays } from './strays.js';
import { WarmEngines } from './warm-engines.js';
import { makeWorld } from './world.js';
import type { World } from './world.js';

/** What the agent tells the host without being asked. */
export interface Reports {
  log(stream: LogStream, bytes: Uint8Array): void;
  package(name: string, bytes: Uint8Array): void;
}

/** For what is under way when everything shall end. */
const STOP_PATIENCE_MS = 5000;

type Stage =
  | { readonly at: 'new' }
  | { readonly at: 'applied'; readonly world: World }
  | { readonly at: 'started'; readonly world: World; readonly app: RunningApp }
  | { readonly at: 'not-started'; readonly world: World; readonly message: string }
  | { readonly at: 'stopped' };

/** One run, from the plan to the observation. Does as it is told and decides nothing. */
export class Session {
  readonly #reports: Reports;
  readonly #output: AppOutput;
  readonly #engines = new WarmEngines();
  #stage: Stage = { at: 'new' };
  #app: RunningApp | null = null;
  /** What the host asked for and has no answer to yet. */
  #current: Promise<unknown> = Promise.resolve();
  #stopping = false;

  constructor(reports: Reports) {
    this.#reports = reports;
    this.#output = new AppOutput((stream, bytes) => reports.log(stream, bytes));
  }

  /** Loads what every plan needs, and starts engines ahead. */
  async warm(engines: WarmUp): Promise<void> {
    await Promise.all([import('@deja/stubs'), this.#engines.start(engines)]);
  }

  apply(plan: GuestPlan): Promise<void> {
    return this.#track(this.#apply(plan));
  }

  start(): Promise<void> {
    return this.#track(this.#start());
  }

  trigger(): Promise<Observation> {
    return this.#track(this.#trigger());
  }

  /** May come at any time, also in the middle of something: that is ended first, so that nothing is made after the cleaning up. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#app?.kill();
    await Promise.race([this.#current, sleep(STOP_PATIENCE_MS, undefined, { ref: false })]);
    const stage = this.#stage;
    this.#stage = { at: 'stopped' };
    this.#app?.kill();
    if (this.#app) await this.#app.ended;
    await this.#engines.stop();
    if (!('world' in stage)) return;
    if (stage.world.plan.network.mode === 'redirected') killStrays('DEJA_OUT', stage.world.injected.out);
    await stage.world.stop();
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#current = work.catch(() => undefined);
    return work;
  }

  async #apply(plan: GuestPlan): Promise<void> {
    if (this.#stage.at !== 'new') throw outOfOrder('apply', this.#stage.at);
    const world = await makeWorld(plan, this.#engines);
    this.#stage = { at: 'applied', world };
  }

  async #start(): Promise<void> {
    if (this.#stage.at !== 'applied') throw outOfOrder('start', this.#stage.at);
    const { world } = this.#stage;
    const { plan } = world;
    try {
      await checkPortsAreFree(plan);
      if (this.#stopping) throw outOfOrder('start', 'stopped');
      const app = startApp(plan, appEnvironment(plan.app, world.injected), this.#output);
      this.#app = app;
      if (!startIsTheFailure(plan)) {
        await passingOver(world, app, () => waitUntilReady(plan, app, this.#output, world.clock));
        await world.addRows();
      }
      this.#stage = { at: 'started', world, app };
    } catch (error) {
      this.#stage = { at: 'not-started', world, message: (error as Error).message };
      throw error;
    }
  }

  async #trigger(): Promise<Observation> {
    const stage = this.#stage;
    switch (stage.at) {
      case 'started': {
        const { world, app } = stage;
        const outbox = new PackageOutbox(world.injected.out, world.clock, (name, bytes) => this.#reports.package(name, bytes));
        // The application may have been waiting for long, in a machine that was put to sleep.
        await world.setClocks();
        return this.#observation(world, await passingOver(world, app, () => observe(world, app, outbox)));
      }
      case 'not-started':
        return this.#observation(stage.world, { responses: [], end: { kind: 'never-started', message: stage.message } });
      case 'new':
      case 'applied':
      case 'stopped':
        throw outOfOrder('trigger', stage.at);
    }
  }

  #observation(world: World, observed: { readonly responses: Observation['responses']; readonly end: AppEnd | null }): Observation {
    for (const note of world.notes()) this.#reports.log('agent', Buffer.from(`${note}\n`));
    return {
      ...observed, divergences: world.divergences(), output: this.#output.last(),
      ...(this.#output.cut > 0 && { cutOutput: this.#output.cut }),
      ...(world.fastForward && { skippedMs: Math.round(world.fastForward.clock.skipped) }),
    };
  }
}

/** Waiting is passed over while the agent itself waits for the application, never while the host has the next word. */
async function passingOver<T>({ fastForward }: World, app: RunningApp, work: () => Promise<T>): Promise<T> {
  return fastForward && app.pid !== undefined ? await fastForward.during(app.pid, work) : await work();
}

/** Without triggers, and with the end of the process as what was recorded, the application may fall before it listens. */
function startIsTheFailure(plan: GuestPlan): boolean {
  return plan.until === 'exit' && plan.triggers.every(({ trigger }) => trigger.kind === 'start');
}

function outOfOrder(request: HostRequest, stage: Stage['at']): AgentError {
  return new AgentError('DEJA_PROTOCOL_ORDER', `the agent was asked to ${request} when it was ${stage}: the order is apply, start, trigger, stop`);
}
