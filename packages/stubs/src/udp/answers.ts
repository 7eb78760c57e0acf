import type { StubDivergence } from '../divergence.js';
import type { UdpExchange } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { differenceOf, shown } from '../tcp/choose.js';
import { talkOf } from '../tcp/steps.js';
import { unify } from '../tcp/unify.js';

/** One recorded datagram, and what came back until the next one was sent. */
export interface RecordedDatagram {
  readonly exchange: UdpExchange;
  readonly asked: Buffer;
  /** Milliseconds after the datagram. */
  readonly answers: readonly { readonly ms: number; readonly bytes: Buffer }[];
}

/** How long something took is another value in every run; nothing comes back for it. */
const MEASURED = /:-?[\d.]+(?=\|(?:ms|h|d)\b)/g;

/** The recorded datagrams of one address. Each is answered once, equal ones in recorded order; those that may repeat again. */
export class Datagrams {
  readonly #recorded: readonly RecordedDatagram[];
  readonly #given = new Set<RecordedDatagram>();

  constructor(exchanges: readonly UdpExchange[], runtime: Pick<StubRuntime, 'bytes'>) {
    this.#recorded = exchanges.toSorted((a, b) => a.seq - b.seq).flatMap((exchange) => datagramsOf(exchange, runtime));
  }

  take(arrived: Buffer): RecordedDatagram | Pick<StubDivergence, 'nearest'> {
    const same = this.#recorded.filter((one) => isSame(one, arrived));
    const chosen = same.find((one) => !this.#given.has(one)) ?? same.findLast(({ exchange }) => exchange.repeat);
    if (!chosen) return this.#nearest(arrived, same);
    this.#given.add(chosen);
    return chosen;
  }

  #nearest(arrived: Buffer, same: readonly RecordedDatagram[]): Pick<StubDivergence, 'nearest'> {
    const spent = same.at(-1);
    if (spent) return { nearest: { seq: spent.exchange.seq, text: shown(spent.asked), difference: 'has been sent as often as it was recorded' } };
    let best: { readonly one: RecordedDatagram; readonly at: number; readonly difference: string } | undefined;
    for (const one of this.#recorded) {
      const result = unify(one.asked, arrived, one.exchange);
      const at = result.kind === 'different' ? result.at : Math.min(one.asked.length, arrived.length);
      const difference = result.kind === 'different' ? differenceOf(result, 0) : `${arrived.length} bytes instead of ${one.asked.length}`;
      if (!best || at > best.at) best = { one, at, difference };
    }
    return best ? { nearest: { seq: best.one.exchange.seq, text: shown(best.one.asked), difference: best.difference } } : {};
  }
}

function isSame({ exchange, asked, answers }: RecordedDatagram, arrived: Buffer): boolean {
  const [then, now] = answers.length > 0 ? [asked, arrived] : [asked, arrived].map(withoutMeasurements);
  const result = unify(then ?? asked, now ?? arrived, exchange);
  return result.kind === 'same' && result.length === now?.length;
}

function withoutMeasurements(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('latin1').replaceAll(MEASURED, ':0'), 'latin1');
}

function datagramsOf(exchange: UdpExchange, runtime: Pick<StubRuntime, 'bytes'>): readonly RecordedDatagram[] {
  const datagrams: { exchange: UdpExchange; asked: Buffer; ms: number; answers: { ms: number; bytes: Buffer }[] }[] = [];
  for (const { from, ms, body } of talkOf(exchange).pieces ?? []) {
    const last = datagrams.at(-1);
    if (from === 'client') datagrams.push({ exchange, asked: runtime.bytes(body), ms, answers: [] });
    else last?.answers.push({ ms: ms - last.ms, bytes: runtime.bytes(body) });
  }
  return datagrams;
}
