import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { DejaError } from '@deja/format';
import type { GuestPlan } from '@deja/guest';
import { collectGarbage } from '../../image/store.js';
import { makeOnce } from '../../image/make-once.js';
import type { SandboxSpec, StartedSandbox, StoppedSandbox, Timed, Triggered } from '../../sandbox.js';
import type { Machine } from './command-line.js';
import { boot, resume, type RunningMachine } from './machine.js';
import { findTemplate, saveState, templateAt, templateFolder, type Template } from './template.js';

/** Of images and templates together. One template is some 200 to 400 MiB. */
const KEPT_BYTES = 6 * 1024 ** 3;

/** Everything a machine is made of, and what identifies it. */
export interface Prepared {
  readonly machine: Omit<Machine, 'memory'>;
  readonly key: string;
}

/**
 * A machine that starts where an earlier one was stopped: with the application loaded and listening, before the trigger. The first of its kind
 * boots, applies the plan and starts the application; then its state becomes the template of all the others, itself among them.
 */
export class TemplatedSandbox implements StartedSandbox {
  readonly name = 'qemu';
  readonly startMs: number;
  readonly #prepared: Prepared;
  readonly #onLog: SandboxSpec['onLog'];
  readonly #began = performance.now();
  #plan: GuestPlan | undefined;
  #running: RunningMachine | undefined;
  #stopped = false;

  constructor(prepared: Prepared, onLog: SandboxSpec['onLog'], startMs: number) {
    this.#prepared = prepared;
    this.#onLog = onLog;
    this.startMs = startMs;
  }

  async apply(plan: GuestPlan): Promise<Timed> {
    const began = performance.now();
    this.#plan = plan;
    const template = findTemplate(this.#keyOf(plan));
    if (template) this.#running = await this.#resumed(template, plan);
    return { ms: performance.now() - began };
  }

  async start(): Promise<Timed> {
    const began = performance.now();
    if (!this.#running && this.#plan) {
      const template = await this.#make(this.#plan);
      this.#running = await this.#guarded(resume(this.#prepared.machine, template, this.#plan, this.#onLog));
    }
    return { ms: performance.now() - began };
  }

  async trigger(): Promise<Triggered> {
    if (!this.#running) throw new TypeError('apply and start come first');
    return await this.#running.agent.trigger();
  }

  async stop(): Promise<StoppedSandbox> {
    this.#stopped = true;
    await this.#running?.agent.stop();
    return { name: this.name, lifeMs: performance.now() - this.#began };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Undefined: the template is of no use, and gone. */
  async #resumed(template: Template, plan: GuestPlan): Promise<RunningMachine | undefined> {
    try {
      return await this.#guarded(resume(this.#prepared.machine, template, plan, this.#onLog));
    } catch (error) {
      if (!(error instanceof DejaError)) throw error;
      rmSync(templateFolder(this.#keyOf(plan)), { recursive: true, force: true });
      return undefined;
    }
  }

  async #make(plan: GuestPlan): Promise<Template> {
    const folder = await makeOnce(templateFolder(this.#keyOf(plan)), async (draft) => {
      mkdirSync(draft, { mode: 0o700 });
      const template = templateAt(draft);
      const { agent, control } = await this.#guarded(boot(this.#prepared.machine, template.memory, this.#onLog));
      try {
        await agent.apply(plan);
        await agent.start();
        await saveState(control, template);
      } finally {
        await agent.stop();
      }
    });
    collectGarbage(KEPT_BYTES);
    return templateAt(folder);
  }

  /** What was started after everything was told to end is ended. */
  async #guarded(starting: Promise<RunningMachine>): Promise<RunningMachine> {
    const running = await starting;
    if (this.#stopped) await running.agent.stop();
    return running;
  }

  #keyOf(plan: GuestPlan): string {
    return createHash('sha256').update(this.#prepared.key).update(JSON.stringify(plan)).digest('hex').slice(0, 16);
  }
}
