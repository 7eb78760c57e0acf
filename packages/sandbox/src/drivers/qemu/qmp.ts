import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { DejaError } from '@deja/format';

const ANSWER_MS = 10_000;
const POLL_MS = 5;
/** Memory that lies in a file is not part of the state. */
const IGNORE_SHARED = { capabilities: [{ capability: 'x-ignore-shared', state: true }] };

interface Message {
  readonly return?: unknown;
  readonly error?: { readonly desc?: string };
  readonly event?: string;
  readonly QMP?: unknown;
}

/** QEMU's control protocol: one request at a time. */
export class Qmp {
  readonly #stream: Duplex;
  #text = '';
  #waiting: { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void } | null = null;
  #ready: Promise<unknown> | null = null;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('error', (error) => this.#fail(error.message));
    stream.on('close', () => this.#fail('QEMU has ended'));
    stream.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString();
      for (let end = this.#text.indexOf('\n'); end >= 0; end = this.#text.indexOf('\n')) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        this.#receive(JSON.parse(line) as Message);
      }
    });
  }

  /** Stops the machine and writes its state, without its memory, to whoever listens at a Unix socket. Throws DEJA_SANDBOX_FAILED. */
  async saveTo(socket: string): Promise<void> {
    await this.#execute('stop');
    await this.#execute('migrate-set-capabilities', IGNORE_SHARED);
    await this.#execute('migrate', { uri: `unix:${socket}` });
    await this.#migrated();
  }

  async #migrated(): Promise<void> {
    for (;;) {
      const { status, 'error-desc': why } = (await this.#execute('query-migrate')) as { readonly status?: string; readonly 'error-desc'?: string };
      if (status === 'completed') return;
      if (status === 'failed' || status === 'cancelled') throw failed(why ?? status);
      await sleep(POLL_MS);
    }
  }

  /** Goes on from a state that comes over an open file of QEMU's. Throws DEJA_SANDBOX_FAILED. */
  async loadFrom(fd: number): Promise<void> {
    await this.#execute('migrate-set-capabilities', IGNORE_SHARED);
    await this.#execute('migrate-incoming', { uri: `fd:${fd}` });
    await this.#migrated();
    // It was stopped when it was saved, and that is part of the state.
    await this.#execute('cont');
  }

  async #execute(command: string, args?: unknown): Promise<unknown> {
    this.#ready ??= this.#send('qmp_capabilities');
    await this.#ready;
    return await this.#send(command, args);
  }

  async #send(execute: string, args?: unknown): Promise<unknown> {
    const answer = new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
    const timer = setTimeout(() => this.#fail(`QEMU did not answer '${execute}' within ${ANSWER_MS} ms`), ANSWER_MS);
    this.#stream.write(`${JSON.stringify(args === undefined ? { execute } : { execute, arguments: args })}\n`);
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
    }
  }

  #receive(message: Message): void {
    if (message.event !== undefined || message.QMP !== undefined) return;
    const waiting = this.#waiting;
    this.#waiting = null;
    if (message.error) waiting?.reject(failed(message.error.desc ?? 'an error without words'));
    else waiting?.resolve(message.return);
  }

  #fail(why: string): void {
    this.#waiting?.reject(failed(why));
    this.#waiting = null;
  }
}

function failed(why: string): DejaError {
  return new DejaError('DEJA_SANDBOX_FAILED', `the virtual machine's state cannot be saved or loaded: ${why}`);
}
