import type { StubDivergence } from '../divergence.js';
import type { TcpExchange } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { type Step, stepsOf } from './steps.js';
import { type Unified, unify } from './unify.js';

export interface Script {
  readonly exchange: TcpExchange;
  readonly steps: readonly Step[];
}

export type Choice = { readonly script: Script } | { readonly wait: true } | { readonly miss: Pick<StubDivergence, 'nearest'> };

/** The recorded talks of one address. Each is given out once, equal ones in recorded order; those that may repeat again when nothing fresh is equal. */
export class Talks {
  readonly #scripts: readonly Script[];
  readonly #given = new Set<Script>();

  constructor(exchanges: readonly TcpExchange[], runtime: Pick<StubRuntime, 'bytes'>) {
    this.#scripts = exchanges.toSorted((a, b) => a.seq - b.seq).map((exchange) => ({ exchange, steps: stepsOf(exchange, runtime) }));
  }

  /** For a new connection: the next one, where that did not begin with the client's word. Null: what the client says first decides. */
  unasked(): Script | null {
    const begins = ({ exchange }: Script): boolean => exchange.continues !== true;
    const next = this.#scripts.find((script) => !this.#given.has(script) && begins(script)) ?? this.#scripts.findLast((script) => script.exchange.repeat && begins(script));
    return next && next.steps.find((step) => step.kind !== 'secure')?.kind !== 'hear' ? this.#give(next) : null;
  }

  /** For what the client says where no talk is under way. `fresh`: the connection has just been made. */
  asked(arrived: Buffer, session: number | undefined, fresh: boolean): Choice {
    const compared = this.#scripts.flatMap((script) => {
      const [first] = script.steps.filter(({ kind }) => kind !== 'secure');
      return first?.kind === 'hear' ? [{ script, result: unify(first.bytes, arrived, script.exchange) }] : [];
    });
    const left = compared.filter(({ script }) => !this.#given.has(script));
    const same = left.filter(({ result }) => result.kind === 'same').map(({ script }) => script);
    const preferred = same.find(({ exchange }) => exchange.session === session) ?? same.find(({ exchange }) => (exchange.continues !== true) === fresh) ?? same[0];
    if (preferred) return { script: this.#give(preferred) };
    const again = compared.findLast(({ script, result }) => script.exchange.repeat && result.kind === 'same');
    if (again) return { script: this.#give(again.script) };
    if (compared.some(({ script, result }) => result.kind === 'more' && (script.exchange.repeat || !this.#given.has(script)))) return { wait: true };
    return { miss: nearest(left.length > 0 ? left : compared) };
  }

  /** While a handshake of another request is played: what was said for a recorded one, as soon as the client says that. */
  fresh(arrived: Buffer): Script | null {
    const found = this.#scripts.find((script) => {
      const first = script.steps.find(({ kind }) => kind !== 'secure');
      return !script.exchange.opening && !this.#given.has(script) && first?.kind === 'hear' && unify(first.bytes, arrived, script.exchange).kind === 'same';
    });
    return found ? this.#give(found) : null;
  }

  #give(script: Script): Script {
    this.#given.add(script);
    return script;
  }
}

/** How far both were the same. */
function reach(result: Unified | undefined): number {
  if (result === undefined) return -1;
  return result.kind === 'different' ? result.at : Infinity;
}

function nearest(compared: readonly { readonly script: Script; readonly result: Unified }[]): Pick<StubDivergence, 'nearest'> {
  let best: { readonly script: Script; readonly result: Unified } | undefined;
  for (const one of compared) if (reach(one.result) > reach(best?.result)) best = one;
  if (!best) return {};
  const { script, result } = best;
  const first = script.steps.find((step) => step.kind === 'hear');
  return { nearest: { seq: script.exchange.seq, text: shown(first?.bytes ?? Buffer.alloc(0)), difference: result.kind === 'different' ? differenceOf(result, 0) : 'has been served already' } };
}

/** `before`: how many bytes the client had sent before those that were compared. */
export function differenceOf({ at, recorded, arrived }: Extract<Unified, { kind: 'different' }>, before: number): string {
  return `byte ${before + at}: ${shown(arrived)} instead of ${shown(recorded)}`;
}

const LONGEST = 80;

export function shown(bytes: Buffer): string {
  return JSON.stringify(bytes.toString('latin1', 0, LONGEST)) + (bytes.length > LONGEST ? '…' : '');
}
