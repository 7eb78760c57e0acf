import type { GuestPlan } from '@deja/guest';
import type { SandboxSpec } from '../../sandbox.js';
import type { ConnectedSandbox } from '../../started.js';
import type { Template } from './template.js';

/** A program that runs virtual machines, and all that the machines of one specification are made of. */
export interface Vmm {
  readonly name: 'qemu' | 'firecracker';
  /** Identifies everything that a saved machine depends on. */
  readonly key: string;
  /** From nothing until the agent is there; `into`: where it will be saved. Throws DEJA_SANDBOX_FAILED. */
  boot(into: Template, onLog: SandboxSpec['onLog']): Promise<Machine>;
  /** A copy of a saved machine, going on where that was; `into`: where it will be saved in its turn. Throws DEJA_SANDBOX_FAILED. */
  resume(from: SavedMachine, onLog: SandboxSpec['onLog'], into?: Template): Promise<Machine>;
}

export interface SavedMachine {
  readonly template: Template;
  /** The plan that its agent was given. */
  readonly applied?: GuestPlan;
}

/** A running machine with the agent in it. */
export interface Machine {
  readonly agent: ConnectedSandbox;
  /** Stops it for good, and writes it to where it was said to be saved. Throws DEJA_SANDBOX_FAILED. */
  save(): Promise<void>;
}
