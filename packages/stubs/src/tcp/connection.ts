import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Authority } from '../authority/authority.js';
import { handshakeFailureOf } from '../fate.js';
import type { StubRuntime } from '../runtime.js';
import { differenceOf, type Script, shown, type Talks } from './choose.js';
import { withNumbers } from './numbers.js';
import { unify } from './unify.js';

/** What is heard and not asked for yet is held up to here. */
const MOST_UNHEARD = 16 * 1024 * 1024;

export interface TcpStub {
  readonly name: string;
  readonly host: string;
  readonly tls: boolean;
  readonly talks: Talks;
  readonly authority: Authority;
  readonly runtime: StubRuntime;
}

/** One connection of a client: what it says is compared, what the server said goes out after as many bytes of the client as then, and not before its time. */
export class TcpConnection {
  readonly #stub: TcpStub;
  readonly #tcp: Socket;
  #socket: Socket;
  #heard = Buffer.alloc(0);
  /** Bytes of the client that have been found to be the recorded ones. */
  #known = 0;
  #numbers: ReadonlyMap<number, number> = new Map();
  #script: Script | null = null;
  #step = 0;
  #session: number | undefined;
  #fresh = true;
  /** When, on the stubs' clock, the script's times begin. */
  #base: number;
  #playing = false;
  #clientEnded = false;
  #over = false;

  constructor(socket: Socket, stub: TcpStub) {
    this.#stub = stub;
    this.#tcp = socket;
    this.#socket = socket;
    this.#base = stub.runtime.pace.now();
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    this.#take(stub.talks.unasked());
    if (!stub.tls) this.#listen(socket);
    else if (!this.#refuseHandshake()) this.#secure();
    void this.#play();
  }

  #listen(socket: Socket): void {
    socket.on('data', (bytes: Buffer) => this.#hear(bytes));
    socket.on('end', () => {
      this.#clientEnded = true;
      void this.#play();
    });
    socket.on('close', () => (this.#over = true));
  }

  #hear(bytes: Buffer): void {
    if (this.#over) return;
    this.#heard = Buffer.concat([this.#heard, bytes]);
    if (this.#heard.length > MOST_UNHEARD) this.#diverge(`more than ${MOST_UNHEARD} bytes before the server's turn was over`);
    else void this.#play();
  }

  async #play(): Promise<void> {
    if (this.#playing) return;
    this.#playing = true;
    try {
      while (!this.#over && (await this.#next())) continue;
    } finally {
      this.#playing = false;
    }
  }

  /** Does one step; false when the client has to say more before. */
  async #next(): Promise<boolean> {
    const script = this.#script;
    if (!script) return this.#choose();
    const step = script.steps[this.#step];
    switch (step?.kind) {
      case undefined:
        this.#finish(script);
        return true;
      case 'hear':
        return this.#compare(script, step);
      case 'say':
        if (await this.#due(step.ms)) this.#socket.write(withNumbers(step.bytes, this.#numbers));
        break;
      case 'secure':
        // A connection that is encrypted from its beginning is so already.
        if (this.#socket === this.#tcp) this.#secure();
        break;
      case 'end':
        if (step.how === 'hold') return false;
        if (await this.#due(step.ms)) this.#end(script, step.how);
        return false;
    }
    this.#step += 1;
    return true;
  }

  #choose(): boolean {
    if (this.#heard.length === 0) {
      if (this.#clientEnded) this.#socket.end();
      return false;
    }
    const choice = this.#stub.talks.asked(this.#heard, this.#session, this.#fresh);
    if ('wait' in choice) return false;
    if ('miss' in choice) return this.#diverge(undefined, choice.miss);
    this.#take(choice.script);
    return true;
  }

  #compare(script: Script, step: { readonly bytes: Buffer; readonly ms: number }): boolean {
    if (script.exchange.opening && this.#heard.length > 0) {
      const fresh = this.#stub.talks.fresh(this.#heard);
      if (fresh) {
        this.#take(fresh);
        return true;
      }
    }
    const result = unify(step.bytes, this.#heard, script.exchange);
    if (result.kind === 'more') {
      if (this.#clientEnded) this.#socket.end();
      return false;
    }
    if (result.kind === 'different') {
      return this.#diverge(undefined, { nearest: { seq: script.exchange.seq, text: shown(step.bytes), difference: differenceOf(result, this.#known) } });
    }
    this.#heard = this.#heard.subarray(result.length);
    this.#known += result.length;
    this.#numbers = result.numbers ?? this.#numbers;
    this.#base = this.#stub.runtime.pace.now() - step.ms;
    this.#step += 1;
    return true;
  }

  #take(script: Script | null): void {
    this.#script = script;
    this.#step = 0;
    if (!script) return;
    this.#fresh = false;
    this.#session = script.exchange.session;
  }

  #finish({ exchange }: Script): void {
    this.#stub.runtime.journal.serve(exchange.seq, this.#stub.name);
    this.#script = null;
  }

  #end({ exchange }: Script, how: 'fin' | 'rst'): void {
    this.#stub.runtime.journal.serve(exchange.seq, this.#stub.name);
    this.#over = true;
    if (how === 'fin') this.#socket.end();
    else this.#tcp.resetAndDestroy();
  }

  /** Something else was said than was recorded: nothing recorded may be mistaken for the answer to it. */
  #diverge(reason: string | undefined, miss: object = {}): false {
    const { runtime, name } = this.#stub;
    runtime.journal.diverge({ stub: `tcp ${name}`, asked: `${name}: ${shown(this.#heard)}`, ...miss, ...(reason === undefined ? {} : { reason }) });
    this.#over = true;
    this.#tcp.resetAndDestroy();
    return false;
  }

  async #due(ms: number): Promise<boolean> {
    const inTime = await this.#stub.runtime.pace.until(this.#base, ms);
    return inTime && !this.#over && !this.#stub.runtime.stopped.aborted;
  }

  #secure(): void {
    const { authority, host } = this.#stub;
    this.#tcp.removeAllListeners('data').removeAllListeners('end');
    const secured = new TLSSocket(this.#tcp, {
      isServer: true, secureContext: authority.certificate([host], this.#flaw()).context, SNICallback: (name, done) => done(null, authority.certificate([name], this.#flaw()).context),
    });
    secured.on('error', () => undefined);
    this.#socket = secured;
    this.#listen(secured);
  }

  #flaw(): 'none' | 'expired' | 'other-name' | 'self-signed' | 'unknown-issuer' {
    const failure = this.#handshakeFailure();
    return failure && 'flaw' in failure ? failure.flaw : 'none';
  }

  /** A handshake that the server broke off. */
  #refuseHandshake(): boolean {
    const failure = this.#handshakeFailure();
    if (!failure || !('server' in failure) || !this.#script) return false;
    if (failure.server === 'hold') this.#over = true;
    else this.#end(this.#script, failure.server === 'fin' ? 'fin' : 'rst');
    return true;
  }

  #handshakeFailure(): ReturnType<typeof handshakeFailureOf> {
    const outcome = this.#script?.exchange.outcome;
    return outcome && 'error' in outcome && outcome.error.phase === 'tls' ? handshakeFailureOf(outcome.error) : null;
  }
}
