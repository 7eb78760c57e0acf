import type { Socket } from 'node:net';
import { encodeResp, RespCommandParser, type RespVersion, WireError } from '@deja/wire';
import { tellForeign } from '../foreign.js';
import type { Fate } from '../fate.js';
import type { StubRuntime } from '../runtime.js';
import type { Turn } from '../order.js';
import type { Answer } from './answer.js';
import { type Accepted, Dialogue, type Recorded } from './dialogue.js';
import type { PushFeed, Subscriber } from './push-feed.js';

/** Answers to commands that came together go out together where they were recorded so close to each other. */
const TOGETHER_MS = 2;

interface Due {
  readonly answer: Answer;
  readonly version: RespVersion;
  readonly turn: Turn | undefined;
  readonly accepted: Accepted | undefined;
  /** The connection ends with it. */
  readonly last: boolean;
}

/** One client's connection: commands are decided in order of arrival and answered in that order. */
export class RedisConnection {
  readonly #socket: Socket;
  readonly #runtime: StubRuntime;
  readonly #stub: string;
  readonly #feed: PushFeed;
  readonly #dialogue: Dialogue;
  readonly #subscriber: Subscriber;
  readonly #parser = new RespCommandParser();
  /** In place of replies that never came; written when a later reply has to pass them. */
  readonly #fillers: Buffer[] = [];
  /** Settles when everything asked before has been answered. */
  #answered: Promise<void> = Promise.resolve();

  constructor(socket: Socket, recorded: Recorded, feed: PushFeed, runtime: StubRuntime, id: number) {
    this.#socket = socket;
    this.#runtime = runtime;
    this.#stub = recorded.stub;
    this.#feed = feed;
    this.#dialogue = new Dialogue(recorded, runtime, id);
    const dialogue = this.#dialogue;
    this.#subscriber = {
      get open() {
        return !socket.destroyed;
      },
      subscribedTo: (kind, name) => dialogue.subscriptions.has(kind, name),
      write: (message) => socket.write(encodeResp(message, dialogue.version)),
      end: (how) => this.#end(how),
    };
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => dialogue.end());
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
  }

  #receive(chunk: Buffer): void {
    const arrived = this.#runtime.pace.now();
    let together: Due[] = [];
    const schedule = (): void => {
      if (together.length > 0) this.#schedule(together, arrived);
      together = [];
    };
    try {
      for (const args of this.#parser.push(chunk)) {
        const due = this.#ask(args);
        if (together[0] && !goTogether(together[0].answer, due.answer)) schedule();
        together.push(due);
      }
      schedule();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      schedule();
      tellForeign(this.#runtime.journal, this.#stub, chunk, error.message);
      this.#socket.destroy();
    }
  }

  #ask(args: readonly Buffer[]): Due {
    const { answer, accepted } = this.#dialogue.answer(args);
    if (answer.exchange) this.#feed.asked(answer.exchange);
    const turn = answer.exchange && answer.kind !== 'hold' ? this.#runtime.order.enter(answer.exchange, this.#stub) : undefined;
    return { answer, version: this.#dialogue.version, turn, accepted, last: args[0]?.toString().toUpperCase() === 'QUIT' };
  }

  #schedule(together: readonly Due[], arrived: number): void {
    const { pace, stopped } = this.#runtime;
    const [first] = together;
    const after = Math.max(...together.map(({ answer }) => answer.after));
    const before = this.#answered;
    this.#answered = (async () => {
      const inTime = await (first?.answer.kind === 'hold' ? pace.untilReally(arrived, after) : pace.until(arrived, after));
      await before;
      const out: Buffer[] = [];
      for (const { answer, version, turn } of together) {
        await turn?.wait();
        if (answer.kind === 'pass') out.push(...this.#fillers.splice(0), await answer.reply);
        else if (inTime && !stopped.aborted) this.#put(answer, version, out);
        turn?.leave();
      }
      if (out.length > 0) this.#socket.write(Buffer.concat(out));
      if (together.some(({ last }) => last)) this.#socket.end();
    })();
    for (const { accepted } of together) if (accepted) this.#follow(accepted);
  }

  #follow({ exchange, kind, names }: Accepted): void {
    this.#feed.follow(exchange, kind, names, this.#subscriber, this.#answered);
  }

  #put(answer: Exclude<Answer, { readonly kind: 'pass' }>, version: RespVersion, out: Buffer[]): void {
    if (answer.exchange) this.#runtime.journal.serve(answer.exchange.seq, this.#stub);
    switch (answer.kind) {
      case 'reply':
        out.push(...this.#fillers.splice(0), ...answer.replies.map((reply) => encodeResp(reply, version)));
        return;
      case 'garble':
        out.push(Buffer.from(answer.bytes));
        return;
      case 'hold':
        // Nothing was seen to be answered. What comes later on this connection was seen, so the client had given up by then and
        // drops whatever stands in this place.
        this.#fillers.push(encodeResp({ null: true }, version));
        return;
      case 'break':
        this.#end(answer.how);
    }
  }

  #end(how: Exclude<Fate, 'hold'>): void {
    if (how === 'rst') this.#socket.resetAndDestroy();
    else this.#socket.destroySoon();
  }
}

function goTogether(one: Answer, other: Answer): boolean {
  return one.kind === 'reply' && other.kind === 'reply' && Math.abs(one.after - other.after) <= TOGETHER_MS;
}
