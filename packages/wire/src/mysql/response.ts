import { MYSQL_CAN, MYSQL_STATUS } from './capabilities.js';
import { MysqlReader } from './reader.js';

/** How an answer is made up. `rows`: those of a cursor; `one`: a single packet. */
export type MysqlResponseKind = 'results' | 'prepare' | 'rows' | 'fields' | 'one';

type Expects = 'head' | 'columns' | 'columns end' | 'rows' | 'defs';

/** Says packet by packet whether a server's answer to one command is whole. */
export class MysqlResponse {
  readonly #kind: MysqlResponseKind;
  readonly #withoutEof: boolean;
  #expects: Expects = 'head';
  /** Definitions that are still to come. */
  #left = 0;

  constructor(kind: MysqlResponseKind, capabilities: number) {
    this.#kind = kind;
    this.#withoutEof = (capabilities & MYSQL_CAN.deprecateEof) !== 0;
    if (kind === 'rows') this.#expects = 'rows';
  }

  /** True: this was the last packet of the answer. */
  take(payload: Buffer): boolean {
    if (this.#kind === 'one' || payload[0] === 0xff) return true;
    if (this.#kind === 'fields') return isEnd(payload, this.#withoutEof);
    switch (this.#expects) {
      case 'head':
        return this.#kind === 'prepare' ? this.#prepared(payload) : this.#head(payload);
      case 'columns':
        this.#left -= 1;
        if (this.#left === 0) this.#expects = this.#withoutEof ? 'rows' : 'columns end';
        return false;
      case 'columns end':
        this.#expects = 'rows';
        return (statusOf(payload, false) & MYSQL_STATUS.cursorExists) !== 0;
      case 'rows':
        return isEnd(payload, this.#withoutEof) && this.#more(statusOf(payload, this.#withoutEof));
      case 'defs':
        this.#left -= 1;
        return this.#left === 0;
    }
  }

  #head(payload: Buffer): boolean {
    if (payload[0] === 0) return this.#more(statusOf(payload, true));
    // A file of the client is asked for: nobody may get one.
    if (payload[0] === 0xfb) return true;
    this.#left = new MysqlReader(payload).integer() ?? 0;
    this.#expects = 'columns';
    return false;
  }

  #more(status: number): boolean {
    this.#expects = 'head';
    return (status & MYSQL_STATUS.moreResults) === 0;
  }

  #prepared(payload: Buffer): boolean {
    const reader = new MysqlReader(payload, 5);
    const [columns, parameters] = [reader.uint16(), reader.uint16()];
    const ends = this.#withoutEof ? 0 : Number(columns > 0) + Number(parameters > 0);
    this.#left = columns + parameters + ends;
    this.#expects = 'defs';
    return this.#left === 0;
  }
}

/** A row may begin with the same byte when its first cell is very long. */
function isEnd(payload: Buffer, asOk: boolean): boolean {
  return payload[0] === 0xfe && payload.length < (asOk ? 0xffffff : 9);
}

function statusOf(payload: Buffer, asOk: boolean): number {
  const reader = new MysqlReader(payload, 1);
  if (!asOk) {
    reader.uint16();
    return reader.uint16();
  }
  reader.integer();
  reader.integer();
  return reader.uint16();
}
