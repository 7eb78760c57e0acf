import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that keeps running, with all that it prints. Disposing ends it. */
export class Program implements AsyncDisposable {
  readonly ended: Promise<ProgramEnd>;
  #output = '';
  #end: ProgramEnd | undefined;
  readonly #kill: (signal: NodeJS.Signals) => void;

  constructor(command: readonly string[], options: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> }) {
    const [program = '', ...args] = command;
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve((this.#end = { code, signal })));
    });
    this.#kill = (signal) => void child.kill(signal);
  }

  get output(): string {
    return this.#output;
  }

  /** Returns when something listens on this port of 127.0.0.1. */
  async listens(port: number, withinMs = 60_000): Promise<void> {
    for (const deadline = Date.now() + withinMs; ; await sleep(50)) {
      if (await accepts(port)) return;
      if (this.#end !== undefined) throw new Error(`it ended (${JSON.stringify(this.#end)}) before it listened on ${port}:\n${this.#output}`);
      if (Date.now() > deadline) throw new Error(`nothing listens on ${port}:\n${this.#output}`);
    }
  }

  async stop(): Promise<ProgramEnd> {
    this.#kill('SIGTERM');
    const late = setTimeout(() => this.#kill('SIGKILL'), 10_000);
    const end = await this.ended;
    clearTimeout(late);
    return end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#end === undefined) await this.stop();
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
