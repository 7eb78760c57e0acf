import type { RedisArgument } from '@deja/format';
import type { RespValue } from '@deja/wire';
import { type Fate, fateOf } from '../fate.js';
import type { RedisExchange } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { argumentText } from './match.js';
import { type MessageKind, subscribes } from './subscriptions.js';

/** A connection that messages go to. */
export interface Subscriber {
  readonly open: boolean;
  subscribedTo(kind: MessageKind, name: string): boolean;
  write(message: RespValue): void;
  end(how: Exclude<Fate, 'hold'>): void;
}

interface Claim {
  readonly subscriber: Subscriber;
  /** It is out, or will never be. */
  readonly out: Promise<void>;
}

/**
 * The messages that were pushed to the recorded connections of one stub. Each goes out once, over the connection that subscribes as the recorded one
 * did, in recorded order. Its time is counted from what the failing request or those beside it had last asked of this server before it came,
 * or from the subscription: a message that followed from something waits until that is asked.
 */
export class PushFeed {
  readonly #pushes: readonly RedisExchange[];
  readonly #asking: readonly RedisExchange[];
  readonly #subscriptions: readonly RedisExchange[];
  readonly #runtime: StubRuntime;
  readonly #stub: string;
  /** Exchanges that have been asked for, and when. */
  readonly #asked = new Map<number, number>();
  readonly #waiting = new Map<number, (() => void)[]>();
  /** Messages that have their connection. */
  readonly #claims = new Map<number, Claim>();
  readonly #out = new Set<number>();

  /** @param exchanges all of the stub, pushes among them */
  constructor(exchanges: readonly RedisExchange[], runtime: StubRuntime, stub: string) {
    const inOrder = exchanges.toSorted((a, b) => a.seq - b.seq);
    this.#pushes = inOrder.filter(({ push }) => push);
    this.#asking = inOrder.filter(({ push, repeat }) => !push && !repeat);
    this.#subscriptions = inOrder.filter((exchange) => !exchange.push && subscribes(textOf(exchange, 0).toUpperCase()) !== null);
    this.#runtime = runtime;
    this.#stub = stub;
  }

  asked(exchange: RedisExchange): void {
    if (this.#asked.has(exchange.seq)) return;
    this.#asked.set(exchange.seq, this.#runtime.pace.now());
    for (const go of this.#waiting.get(exchange.seq) ?? []) go();
    this.#waiting.delete(exchange.seq);
  }

  /** The connection has subscribed to these names, as in the recorded exchange. `confirmed`: its confirmation is out. */
  follow(subscription: RedisExchange, kind: MessageKind, names: readonly string[], subscriber: Subscriber, confirmed: Promise<void>): void {
    const later = this.#pushes.filter(({ session, seq }) => session === subscription.session && seq > subscription.seq);
    const end = later.find(isEnd);
    const claimed = [...this.#claims].filter(([, claim]) => claim.subscriber.open).toSorted(([a], [b]) => a - b);
    let next = 0;
    // What goes out before it; that in turn waits for what goes out before.
    let before = confirmed;
    for (const push of later) {
      for (let claim = claimed[next]; claim && claim[0] < push.seq; claim = claimed[++next]) before = claim[1].out;
      if (end && push.seq > end.seq) return;
      const mine = push === end ? this.#isLast(subscription, end) : textOf(push, 0) === kind && names.includes(textOf(push, 1));
      if (!mine || this.#out.has(push.seq) || this.#claims.get(push.seq)?.subscriber.open) continue;
      before = this.#release(push, subscription, subscriber, Promise.all([confirmed, before]));
      this.#claims.set(push.seq, { subscriber, out: before });
    }
  }

  /** Of those that its connection made before it ended. */
  #isLast(subscription: RedisExchange, end: RedisExchange): boolean {
    return !this.#subscriptions.some(({ session, seq }) => session === end.session && seq > subscription.seq && seq < end.seq);
  }

  async #release(push: RedisExchange, subscription: RedisExchange, subscriber: Subscriber, ready: Promise<unknown>): Promise<void> {
    await ready;
    const cause = this.#asking.findLast(({ seq }) => seq > subscription.seq && seq < push.seq);
    const since = cause ? await this.#when(cause) : this.#runtime.pace.now();
    const turn = this.#runtime.order.enter(push, this.#stub);
    const inTime = await this.#runtime.pace.until(since, gap(cause?.time ?? endOf(subscription), push.time));
    await turn.wait();
    if (inTime && subscriber.open && this.#claims.get(push.seq)?.subscriber === subscriber) this.#put(push, subscriber);
    turn.leave();
  }

  /** With the values that the application has generated anew in place of the recorded ones. */
  #put(push: RedisExchange, subscriber: Subscriber): void {
    const { outcome, command, seq } = this.#runtime.unification.asExpected(push, 'strict');
    if ('ok' in outcome && subscriber.subscribedTo(textOf(push, 0) as MessageKind, textOf(push, 1))) subscriber.write({ push: [...command.map(argument), outcome.ok] });
    else if ('error' in outcome) {
      const fate = fateOf(outcome.error);
      subscriber.end(fate === 'hold' ? 'fin' : fate);
    } else return;
    this.#out.add(seq);
    this.#runtime.journal.serve(seq, this.#stub);
  }

  /** When it was asked for; waits until it is. */
  async #when({ seq }: RedisExchange): Promise<number> {
    const known = this.#asked.get(seq);
    if (known !== undefined) return known;
    await new Promise<void>((resolve) => this.#waiting.set(seq, [...(this.#waiting.get(seq) ?? []), resolve]));
    return this.#runtime.pace.now();
  }
}

function isEnd({ outcome }: RedisExchange): boolean {
  return 'error' in outcome;
}

function textOf({ command }: RedisExchange, index: number): string {
  return argumentText(command[index] ?? '');
}

function endOf({ time, ms }: RedisExchange): number | undefined {
  return time === undefined ? undefined : time + (ms ?? 0);
}

function gap(from: number | undefined, to: number | undefined): number {
  return from === undefined || to === undefined ? 0 : Math.max(0, to - from);
}

function argument(one: RedisArgument): RespValue {
  return typeof one === 'string' ? { bulk: one } : one;
}
