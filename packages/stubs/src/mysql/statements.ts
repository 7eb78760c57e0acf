import type { MysqlParameterTypes } from '@deja/wire';

/** A prepared statement of one connection, by the number that the client knows it by. */
export interface MysqlPrepared {
  readonly text: string;
  readonly parameters: number;
  /** The engine refused to prepare it, in these words: only the proxy can answer it. */
  readonly refused?: Buffer;
  types?: MysqlParameterTypes;
  /** Data of parameters that was sent ahead. */
  readonly ahead: Map<number, Buffer>;
}

/** Numbers that engines do not reach. */
const OWN = 0x7000_0000;

/** The prepared statements of one connection. */
export class MysqlStatements {
  readonly #known = new Map<number, MysqlPrepared>();
  #own = OWN;

  get(number: number): MysqlPrepared | undefined {
    return this.#known.get(number);
  }

  /** One that the engine has prepared. */
  add(number: number, text: string, parameters: number): void {
    this.#known.set(number, { text, parameters, ahead: new Map() });
  }

  /** One that the engine could not prepare; gives its number. */
  addOwn(text: string, parameters: number, refused: Buffer): number {
    this.#own += 1;
    this.#known.set(this.#own, { text, parameters, refused, ahead: new Map() });
    return this.#own;
  }

  /** True: the engine knows nothing of it. */
  close(number: number): boolean {
    const own = this.#known.get(number)?.refused !== undefined;
    this.#known.delete(number);
    return own;
  }

  clear(): void {
    this.#known.clear();
  }
}
