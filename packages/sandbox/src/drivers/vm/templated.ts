import { mkdirSync } from 'node:fs';
import { DejaError } from '@deja/format';
import type { Duplex } from 'node:stream';
import type { GuestPlan } from '@deja/guest';
import { vmFolder } from '../../image/cache-folder.js';
import { makeOnce } from '../../image/make-once.js';
import { collectGarbage } from '../../image/store.js';
import type { StartedSandbox, StoppedSandbox, Timed, Triggered } from '../../sandbox.js';
import { readyTemplate, type Preparation } from './ready-template.js';
import { discardTemplate, findTemplate, templateAt, templateFolder, type Template } from './template.js';
import type { Machine, SavedMachine, Vmm } from './vmm.js';

/** Of images and templates together. One template is some 200 to 400 MiB. */
const KEPT_BYTES = 6 * 1024 ** 3;

/**
 * A machine that starts where an earlier one was stopped. The first run of a plan goes on from a template with engines and agent ready,
 * applies the plan and starts the application; when that listens, its state becomes the template of all the others, itself among them.
 * Where the start of the application is what failed, every run starts it.
 */
export class TemplatedSandbox implements StartedSandbox {
  readonly name: Vmm['name'];
  readonly startMs: number;
  readonly #vmm: Vmm;
  readonly #preparation: Preparation;
  readonly #began = performance.now();
  #plan: GuestPlan | undefined;
  #machine: Machine | undefined;
  #stopped = false;

  constructor(vmm: Vmm, preparation: Preparation, startMs: number) {
    this.name = vmm.name;
    this.#vmm = vmm;
    this.#preparation = preparation;
    this.startMs = startMs;
  }

  async apply(plan: GuestPlan): Promise<Timed> {
    const began = performance.now();
    this.#plan = plan;
    if (startsAnew(plan)) {
      this.#machine = await this.#ready();
      await this.#machine.agent.apply(plan);
    } else {
      this.#machine = await this.#loaded(plan);
    }
    return { ms: performance.now() - began };
  }

  async start(): Promise<Timed> {
    const began = performance.now();
    if (!this.#plan) throw outOfOrder();
    if (this.#machine && startsAnew(this.#plan)) return await this.#machine.agent.start();
    this.#machine ??= await this.#resume({ template: await this.#make(this.#plan), applied: this.#plan });
    return { ms: performance.now() - began };
  }

  async trigger(): Promise<Triggered> {
    if (!this.#machine) throw outOfOrder();
    return await this.#machine.agent.trigger();
  }

  async dial(host: string, port: number): Promise<Duplex> {
    if (!this.#machine) throw outOfOrder();
    return await this.#machine.agent.dial(host, port);
  }

  async stop(): Promise<StoppedSandbox> {
    this.#stopped = true;
    await this.#machine?.agent.stop();
    return { name: this.name, lifeMs: performance.now() - this.#began };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Undefined: there is no template of this plan. One that is of no use goes. */
  async #loaded(plan: GuestPlan): Promise<Machine | undefined> {
    const folder = this.#folderOf(plan);
    const template = findTemplate(folder);
    return template && (await this.#orDiscard(folder, this.#resume({ template, applied: plan })));
  }

  async #make(plan: GuestPlan): Promise<Template> {
    const folder = await makeOnce(this.#folderOf(plan), async (draft) => {
      mkdirSync(draft, { mode: 0o700 });
      const machine = await this.#ready(templateAt(draft));
      try {
        await machine.agent.apply(plan);
        await machine.agent.start();
        await machine.save();
      } finally {
        await machine.agent.stop();
      }
    });
    // Not what this run is made of, above all not what was just made.
    collectGarbage(KEPT_BYTES, vmFolder(), performance.timeOrigin);
    return templateAt(folder);
  }

  /** A machine that waits for a plan; `into`: where it will be saved. */
  async #ready(into?: Template): Promise<Machine> {
    const { folder } = await readyTemplate(this.#vmm, this.#preparation);
    const machine = await this.#orDiscard(folder, this.#resume({ template: templateAt(folder) }, into));
    if (machine) return machine;
    const { folder: anew } = await readyTemplate(this.#vmm, this.#preparation);
    return await this.#resume({ template: templateAt(anew) }, into);
  }

  async #orDiscard(folder: string, resuming: Promise<Machine>): Promise<Machine | undefined> {
    try {
      return await resuming;
    } catch (error) {
      if (!(error instanceof DejaError) || this.#stopped) throw error;
      discardTemplate(folder);
      return undefined;
    }
  }

  /** What was started after everything was told to end is ended. */
  async #resume(from: SavedMachine, into?: Template): Promise<Machine> {
    const machine = await this.#vmm.resume(from, this.#preparation.onLog, into);
    if (this.#stopped) await machine.agent.stop();
    return machine;
  }

  #folderOf(plan: GuestPlan): string {
    return templateFolder(this.#vmm.key, 'loaded', plan);
  }
}

/** Nothing is to be sent to an application whose start is the recorded failure; a debugger wants to see it start. */
function startsAnew(plan: GuestPlan): boolean {
  return plan.app.inspectPort !== undefined || (plan.until === 'exit' && plan.triggers.every(({ trigger }) => trigger.kind === 'start'));
}

function outOfOrder(): TypeError {
  return new TypeError('apply and start come first');
}
