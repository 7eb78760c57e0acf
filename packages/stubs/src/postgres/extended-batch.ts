import type { IoError } from '@deja/format';
import { type PgFrontendMessage, pgBare, pgParameterDescription } from '@deja/wire';
import type { SqlExchange } from '../plan.js';
import type { Decision, Decisions } from '../sql/decisions.js';
import { completion, errorMessage, type OwnAnswer, rowMessages, shapeMessage } from './answer.js';
import type { SqlQuestion } from './match.js';
import { typeOf } from './types.js';
import type { Upstream } from './upstream.js';

type ExtendedMessage = Extract<PgFrontendMessage, { type: 'parse' | 'bind' | 'describe' | 'execute' | 'close' }>;

interface Prepared {
  readonly name: string;
  readonly text: string;
  readonly types: readonly number[];
  /** The engine knows it. What the proxy may have to answer by itself is kept from the engine until it is needed there. */
  upstream: boolean;
}

export interface Portal {
  readonly prepared: Prepared;
  readonly decision: Decision;
  readonly began: number;
  started: boolean;
  /** What the proxy answers, and how many of its rows have gone out. */
  answer: OwnAnswer | undefined;
  sent: number;
}

/** An answer of the proxy's own, or the engine's, up to a message of one of the kinds in `until`. */
type Item = { readonly own: Buffer } | { readonly until: string; readonly hidden: boolean };

interface Services {
  readonly upstream: Upstream;
  readonly decisions: Decisions<SqlQuestion>;
  /** Texts that the proxy may answer, each with an exchange that shows its shape. */
  readonly verbatim: ReadonlyMap<string, SqlExchange>;
  now(): number;
  /** Straight to the client: while copying. */
  write(bytes: Buffer): void;
}

/** The extended protocol between two Syncs: some messages are the engine's to answer, some are the proxy's; the answers keep their order. */
export class ExtendedBatch {
  readonly #services: Services;
  readonly #statements = new Map<string, Prepared>();
  readonly #portals = new Map<string, Portal>();
  #items: Item[] = [];
  #output: Buffer[] = [];
  /** The engine reported an error: it ignores everything until Sync, and so do we. */
  #refused = false;
  #failed: { readonly text: string; readonly error: IoError } | undefined;
  #open = false;

  constructor(services: Services) {
    this.#services = services;
  }

  /** Between its first message and its Sync. */
  get open(): boolean {
    return this.#open;
  }

  /** The statement that the proxy answered by an error. */
  get failed(): { readonly text: string; readonly error: IoError } | undefined {
    return this.#failed;
  }

  /** Nothing is answered any more until Sync. */
  get broken(): boolean {
    return this.#refused || this.#failed !== undefined;
  }

  portal(name: string): Portal | undefined {
    return this.#portals.get(name);
  }

  /** The proxy answers this portal by itself. */
  answer(portal: Portal, answer: OwnAnswer): void {
    portal.answer = answer;
  }

  take(message: ExtendedMessage): void {
    this.#open = true;
    if (this.broken) return;
    switch (message.type) {
      case 'parse':
        return this.#parse(message);
      case 'bind':
        return this.#bind(message);
      case 'describe':
        return message.of === 'portal' ? this.#describePortal(message) : this.#describeStatement(message);
      case 'execute':
        return this.#execute(message);
      case 'close':
        return this.#close(message);
    }
  }

  /** Put the answers in order, waiting for those of the engine, which must have been told to send them (Flush or Sync). */
  async resolve(): Promise<void> {
    for (const item of this.#items.splice(0)) {
      if (this.#refused) return;
      if ('own' in item) this.#output.push(item.own);
      else await this.#readUntil(item.until, item.hidden);
    }
  }

  takeOutput(): Buffer[] {
    return this.#output.splice(0);
  }

  /** Sync: errors are over. */
  end(): void {
    this.#items = [];
    this.#refused = false;
    this.#failed = undefined;
    this.#open = false;
  }

  #parse({ name, text, types, raw }: Extract<ExtendedMessage, { type: 'parse' }>): void {
    const own = this.#services.verbatim.has(text);
    this.#statements.set(name, { name, text, types, upstream: !own });
    if (own) return this.#own(pgBare('1'));
    this.#services.upstream.parse(name, text, types, raw);
    this.#items.push({ until: '1', hidden: false });
  }

  #bind(message: Extract<ExtendedMessage, { type: 'bind' }>): void {
    const prepared = this.#statements.get(message.statement);
    this.#portals.delete(message.portal);
    // The engine says what is wrong.
    if (!prepared) return this.#forward(message.raw, '2');
    const decision = this.#services.decisions.decide({ text: prepared.text, params: message.values });
    this.#portals.set(message.portal, { prepared, decision, began: this.#services.now(), started: false, answer: undefined, sent: 0 });
    if (decision.verbatim) return this.#own(pgBare('2'));
    this.#prepareUpstream(prepared);
    this.#forward(message.raw, '2');
  }

  #describePortal({ name, raw }: Extract<ExtendedMessage, { type: 'describe' }>): void {
    const exchange = this.#portals.get(name)?.decision;
    if (!exchange?.verbatim) return this.#forward(raw, 'Tn');
    const answer = exchange.exchange?.answer;
    // A statement that failed was never described.
    if (answer && 'ok' in answer) this.#own(shapeMessage(answer.ok));
    else if (!(answer && 'error' in answer)) this.#own(pgBare('n'));
  }

  #describeStatement({ name, raw }: Extract<ExtendedMessage, { type: 'describe' }>): void {
    const prepared = this.#statements.get(name);
    const shape = prepared && !prepared.upstream ? this.#services.verbatim.get(prepared.text)?.answer : undefined;
    if (prepared && shape && 'ok' in shape) {
      this.#own(Buffer.concat([pgParameterDescription(parameterTypes(prepared)), shapeMessage(shape.ok)]));
      return;
    }
    if (prepared) this.#prepareUpstream(prepared);
    this.#forward(raw, 'Tn');
  }

  #execute({ portal: name, maxRows, raw }: Extract<ExtendedMessage, { type: 'execute' }>): void {
    const portal = this.#portals.get(name);
    if (portal) portal.started = true;
    if (!portal?.answer) return this.#forward(raw, 'CIs');
    const { answer } = portal;
    if ('error' in answer) {
      this.#own(errorMessage(answer.error));
      this.#failed = { text: portal.prepared.text, error: answer.error };
      return;
    }
    const left = answer.ok.rows.slice(portal.sent);
    const rows = maxRows > 0 ? left.slice(0, maxRows) : left;
    portal.sent += rows.length;
    const more = maxRows > 0 && rows.length === maxRows;
    this.#own(Buffer.concat([...rowMessages(rows), more ? pgBare('s') : completion(answer.ok)]));
  }

  #close({ of, name, raw }: Extract<ExtendedMessage, { type: 'close' }>): void {
    const known = of === 'statement' ? this.#statements.get(name)?.upstream === false : this.#portals.get(name)?.decision.verbatim === true;
    if (of === 'statement') this.#statements.delete(name);
    else this.#portals.delete(name);
    if (known) this.#own(pgBare('3'));
    else this.#forward(raw, '3');
  }

  /** The engine has to know a statement that so far only the proxy has seen. */
  #prepareUpstream(prepared: Prepared): void {
    if (prepared.upstream) return;
    prepared.upstream = true;
    this.#services.upstream.parse(prepared.name, prepared.text, prepared.types);
    this.#items.push({ until: '1', hidden: true });
  }

  #own(bytes: Buffer): void {
    this.#items.push({ own: bytes });
  }

  #forward(raw: Buffer, until: string): void {
    this.#services.upstream.write(raw);
    this.#items.push({ until, hidden: false });
  }

  async #readUntil(until: string, hidden: boolean): Promise<void> {
    for (;;) {
      const message = await this.#services.upstream.next();
      const { kind, raw } = message;
      if (kind === 'E') this.#refused = true;
      if (!hidden || !until.includes(kind)) this.#output.push(raw);
      if (kind === 'E' || until.includes(kind)) return;
      // Copying: the client has to act on it now.
      if (kind === 'G' || kind === 'W') this.#services.write(Buffer.concat(this.takeOutput()));
    }
  }
}

/** As the client said, or text. */
function parameterTypes({ text, types }: Prepared): number[] {
  const count = Math.max(types.length, ...[...text.matchAll(/\$(\d+)/g)].map((match) => Number(match[1])), 0);
  return Array.from({ length: count }, (_, index) => types[index] || typeOf('text').id);
}
