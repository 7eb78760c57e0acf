import { chmodSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { TimeAnswer, TimeHello, TimeOrder } from '@deja/format';

/** A thread of the application whose clock goes with ours. */
interface Participant {
  readonly socket: Socket;
  readonly pid: number;
  readonly main: boolean;
  /** What it was told and has not answered, by number; settled with null when it is gone or late. */
  readonly waiting: Map<number, (answer: TimeAnswer | null) => void>;
}

type Order = { readonly do: 'tell' } | { readonly do: 'skip'; readonly ms: number };

/** What the application's threads wait for; null: it cannot be told, so nothing may be skipped. */
export type Left = { readonly ms: number } | { readonly unknown: string };

/** Who does not answer within this stands still in the middle of something. A machine may be slow; but threads that only wait for others' orders are common. */
const ANSWER_MS = { main: 1000, worker: 100 };
const LONGEST_LINE = 1024;

/** The threads of the application, each on a connection of its own to a socket that the preload knows of. */
export class Participants implements AsyncDisposable {
  readonly #server: Server;
  readonly #all = new Set<Participant>();
  readonly #total: () => number;
  #asked = 0;

  /** `total`: how much was skipped so far; who comes later is told. */
  constructor(total: () => number) {
    this.#total = total;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Throws what listening throws. */
  async open(path: string): Promise<void> {
    this.#server.listen(path);
    await once(this.#server, 'listening');
    chmodSync(path, 0o777);
  }

  get pids(): ReadonlySet<number> {
    return new Set([...this.#all].map(({ pid }) => pid));
  }

  /** How long until the first of them has something to do. */
  async left(): Promise<Left> {
    const all = [...this.#all];
    const answers = await Promise.all(all.map((one) => this.#ask(one, { do: 'tell' })));
    let ms = Number.POSITIVE_INFINITY;
    let workers = 0;
    for (const [index, answer] of answers.entries()) {
      // A worker that stands still has no timers that could end; the main thread may stand still for a time.
      if (answer === null) {
        if (all[index]?.main) return { unknown: 'the application does not answer: it stands still in the middle of something' };
      } else if ('busy' in answer) return { unknown: answer.busy };
      else if ('left' in answer) {
        ms = Math.min(ms, answer.left ?? ms);
        workers += answer.workers;
      }
    }
    if (workers > all.filter(({ main }) => !main).length) return { unknown: 'a thread of the application has a clock that cannot be put forward' };
    return { ms };
  }

  /** Resolves when everybody's clock has been put forward. */
  async skip(ms: number): Promise<void> {
    await Promise.all([...this.#all].map((one) => this.#ask(one, { do: 'skip', ms })));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.#all) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #ask(participant: Participant, order: Order): Promise<TimeAnswer | null> {
    const id = ++this.#asked;
    return new Promise((resolve) => {
      const late = setTimeout(() => settle(null), participant.main ? ANSWER_MS.main : ANSWER_MS.worker);
      const settle = (answer: TimeAnswer | null): void => {
        clearTimeout(late);
        participant.waiting.delete(id);
        resolve(answer);
      };
      participant.waiting.set(id, settle);
      participant.socket.write(`${JSON.stringify({ id, ...order } satisfies TimeOrder)}\n`);
    });
  }

  #accept(socket: Socket): void {
    let joined: Participant | undefined;
    let text = '';
    const leave = (): void => {
      if (joined) this.#all.delete(joined);
      for (const settle of joined?.waiting.values() ?? []) settle(null);
      socket.destroy();
    };
    socket.setEncoding('utf8').on('error', leave).on('close', leave);
    socket.on('data', (chunk: string) => {
      const lines = (text + chunk).split('\n');
      text = lines.pop() ?? '';
      try {
        if (text.length > LONGEST_LINE) throw new RangeError('a line without end');
        for (const line of lines) {
          if (!joined) joined = this.#join(socket, JSON.parse(line) as TimeHello);
          else heard(joined, JSON.parse(line) as TimeAnswer);
        }
      } catch {
        leave();
      }
    });
  }

  #join(socket: Socket, { pid, main, skipped }: TimeHello): Participant {
    const participant: Participant = { socket, pid, main, waiting: new Map() };
    this.#all.add(participant);
    const missed = this.#total() - skipped;
    if (missed > 0) void this.#ask(participant, { do: 'skip', ms: missed });
    return participant;
  }
}

function heard({ waiting }: Participant, answer: TimeAnswer): void {
  waiting.get(answer.id)?.(answer);
}
