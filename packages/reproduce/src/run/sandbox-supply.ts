import type { Sandbox, SandboxSpec, StartedSandbox } from '@deja/sandbox';

/** Fresh sandboxes of one kind. The first is started at once: its user is not ready for it yet. */
export class SandboxSupply implements AsyncDisposable {
  readonly #sandbox: Sandbox;
  readonly #spec: SandboxSpec;
  #ahead: Promise<StartedSandbox> | null;

  constructor(sandbox: Sandbox, spec: SandboxSpec) {
    this.#sandbox = sandbox;
    this.#spec = spec;
    this.#ahead = sandbox.start(spec);
    // Whoever takes it hears of its failure; nobody may ever do so.
    this.#ahead.catch(() => undefined);
  }

  /** A sandbox that nobody had before. It belongs to the caller. */
  next(): Promise<StartedSandbox> {
    const ahead = this.#ahead;
    this.#ahead = null;
    return ahead ?? this.#sandbox.start(this.#spec);
  }

  /** Ends the one that was started and never taken. */
  async [Symbol.asyncDispose](): Promise<void> {
    const started = await this.#ahead?.catch(() => null);
    await started?.stop();
  }
}
