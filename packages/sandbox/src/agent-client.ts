import type { Duplex, Readable, Writable } from 'node:stream';
import { DejaError } from '@deja/format';
import { FrameChannel, PROTOCOL_VERSION, Tunnel } from '@deja/guest';
import type { Frame, GuestFailure, GuestPlan, HostRequest, LogStream, Observation, WarmUp } from '@deja/guest';
import { GuestError } from './errors.js';
import type { Timed, Triggered } from './sandbox.js';

/** From the sandbox's start until the agent says hello. */
const HELLO_MS = 30_000;
/** For making the world of a plan: engines, rows, stubs. */
const APPLY_MS = 120_000;
const STOP_MS = 10_000;
const DIAL_MS = 10_000;
/** For an agent that was there before: it has nothing to do but to answer. */
const GREET_MS = 10_000;
/** The agent keeps the plan's deadlines; the host waits this much longer before it calls the agent dead. */
const GRACE_MS = 10_000;
/** Bytes of packages that one run may send: a guest must not fill the host's memory. */
const MAX_PACKAGES = 256 * 1024 * 1024;
/** For the driver's last words, which come another way than the frames, to arrive. */
const WORDS_MS = 20;

export interface ClientHooks {
  onLog?(stream: LogStream, bytes: Uint8Array): void;
  /** What is known of why the agent is gone: its driver's last words. */
  epitaph(): string;
}

interface Answer {
  readonly ms: number;
  readonly payload: Uint8Array;
}

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** The host's end of the protocol. What comes from the guest is data: nothing in it is trusted to be well-formed. */
export class AgentClient {
  readonly #channel: FrameChannel;
  readonly #hooks: ClientHooks;
  readonly #waiting = new Map<number, Waiting>();
  readonly #packages: { name: string; bytes: Uint8Array }[] = [];
  readonly #hello = Promise.withResolvers<void>();
  readonly #tunnels = new Map<number, Tunnel>();
  #packageBytes = 0;
  #nextId = 1;
  #gone: DejaError | null = null;
  #deadlines: GuestPlan['deadlines'] = { readyMs: 0, triggerMs: 0 };

  constructor(fromGuest: Readable, toGuest: Writable, hooks: ClientHooks) {
    this.#hooks = hooks;
    this.#hello.promise.catch(() => undefined);
    this.#channel = new FrameChannel(fromGuest, toGuest, {
      frame: (frame) => this.#receive(frame),
      closed: (error) => this.#end(error),
    });
  }

  /** Resolves when the agent is there. */
  async ready(): Promise<void> {
    await this.#within(HELLO_MS, 'start', this.#hello.promise);
  }

  /** Instead of `ready`, with an agent that has been through it; `applied`: and through `apply` with this plan. */
  async goOn(applied: GuestPlan | undefined): Promise<void> {
    if (applied) this.#deadlines = applied.deadlines;
    await this.#request('greet', GREET_MS);
  }

  /** Has ready what plans of this kind need. */
  async warm(what: WarmUp): Promise<void> {
    await this.#request('warm', APPLY_MS, Buffer.from(JSON.stringify(what)));
  }

  async apply(plan: GuestPlan): Promise<Timed> {
    this.#deadlines = plan.deadlines;
    const { ms } = await this.#request('apply', APPLY_MS, Buffer.from(JSON.stringify(plan)));
    return { ms };
  }

  async start(): Promise<Timed> {
    const { ms } = await this.#request('start', this.#deadlines.readyMs + GRACE_MS);
    return { ms };
  }

  async trigger(): Promise<Triggered> {
    const { triggerMs, settleMs = 0 } = this.#deadlines;
    const { ms, payload } = await this.#request('trigger', triggerMs + settleMs + GRACE_MS);
    return { ms, observation: JSON.parse(Buffer.from(payload).toString()) as Observation, packages: this.#packages.splice(0) };
  }

  async dial(host: string, port: number): Promise<Duplex> {
    const id = this.#nextId++;
    const tunnel = new Tunnel(id, (frame, payload) => this.#gone === null && this.#channel.send({ ...frame }, payload));
    // Before the answer: what listens there may speak first.
    this.#tunnels.set(id, tunnel);
    tunnel.once('close', () => this.#tunnels.delete(id));
    try {
      await this.#request('dial', DIAL_MS, undefined, { id, host, port });
      return tunnel;
    } catch (error) {
      tunnel.destroy();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#request('stop', STOP_MS);
  }

  async #request(type: HostRequest, limitMs: number, payload?: Uint8Array, fields: { readonly id?: number; readonly host?: string; readonly port?: number } = {}): Promise<Answer> {
    if (this.#gone) throw this.#gone;
    const { id = this.#nextId++ } = fields;
    const answer = new Promise<Answer>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#channel.send({ ...fields, type, id }, payload);
    try {
      return await this.#within(limitMs, type, answer);
    } finally {
      this.#waiting.delete(id);
    }
  }

  async #within<T>(limitMs: number, what: string, answer: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new DejaError('DEJA_SANDBOX_HUNG', `the sandbox did not answer '${what}' within ${Math.round(limitMs)} ms`, { hint: 'The machine may be overloaded, or what runs in the sandbox stopped it; try again.' })),
      limitMs,
    );
    try {
      return await Promise.race([answer, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #receive({ header, payload }: Frame): void {
    switch (header.type) {
      case 'hello':
        if (header.protocol === PROTOCOL_VERSION) this.#hello.resolve();
        else this.#hello.reject(new DejaError('DEJA_SANDBOX_FAILED', `the guest agent speaks version ${String(header.protocol)} of the protocol, not ${PROTOCOL_VERSION}`));
        break;
      case 'done':
        this.#waiting.get(Number(header.id))?.resolve({ ms: Number(header.ms), payload });
        break;
      case 'failed':
        this.#waiting.get(Number(header.id))?.reject(new GuestError(guestFailure(header.error)));
        break;
      case 'log':
        this.#hooks.onLog?.(header.stream as LogStream, payload);
        break;
      case 'package':
        this.#packageBytes += payload.length;
        if (this.#packageBytes > MAX_PACKAGES) this.#end(new Error(`the guest sent more than ${MAX_PACKAGES} bytes of packages`));
        else this.#packages.push({ name: String(header.name), bytes: payload });
        break;
      case 'bytes':
      case 'taken':
      case 'hang-up':
        this.#tunnels.get(Number(header.connection))?.receive(header.type, Number(header.bytes), payload);
        break;
      default:
        this.#end(new Error(`the guest sent a message of the unknown type '${header.type}'`));
    }
  }

  #end(error: Error | undefined): void {
    setTimeout(() => {
      const why = [error?.message, this.#hooks.epitaph()].filter(Boolean).join('; ');
      this.#gone ??= new DejaError('DEJA_SANDBOX_DIED', `the sandbox ended by itself${why ? `: ${why}` : ''}`);
      this.#hello.reject(this.#gone);
      for (const waiting of this.#waiting.values()) waiting.reject(this.#gone);
      for (const tunnel of this.#tunnels.values()) tunnel.destroy();
    }, WORDS_MS);
  }
}

/** What the guest sent as a failure may be anything. */
function guestFailure(sent: unknown): GuestFailure {
  const { code, message, hint, output } = (sent ?? {}) as Readonly<Record<string, unknown>>;
  return {
    code: typeof code === 'string' && code.startsWith('DEJA_') ? (code as GuestFailure['code']) : 'DEJA_AGENT_FAILED',
    message: String(message),
    ...(typeof hint === 'string' && { hint }),
    ...(Array.isArray(output) && { output: output.map(String) }),
  };
}
