import type { RespValue } from '@deja/wire';

/** Kinds of published messages, as they call themselves. */
export type MessageKind = 'message' | 'pmessage' | 'smessage';

const SUBSCRIBE: Readonly<Record<string, MessageKind>> = { SUBSCRIBE: 'message', PSUBSCRIBE: 'pmessage', SSUBSCRIBE: 'smessage' };
const UNSUBSCRIBE: Readonly<Record<string, MessageKind>> = { UNSUBSCRIBE: 'message', PUNSUBSCRIBE: 'pmessage', SUNSUBSCRIBE: 'smessage' };

/** What a command subscribes to, or null where it does not. */
export function subscribes(name: string): MessageKind | null {
  return SUBSCRIBE[name] ?? null;
}

/** The same for commands that end subscriptions. */
export function unsubscribes(name: string): MessageKind | null {
  return UNSUBSCRIBE[name] ?? null;
}

/** What one connection is subscribed to. */
export class Subscriptions {
  readonly #names: Readonly<Record<MessageKind, Set<string>>> = { message: new Set(), pmessage: new Set(), smessage: new Set() };

  get any(): boolean {
    return Object.values(this.#names).some((names) => names.size > 0);
  }

  has(kind: MessageKind, name: string): boolean {
    return this.#names[kind].has(name);
  }

  /** The confirmations, one for each name. `command` in capitals. */
  add(command: string, kind: MessageKind, names: readonly string[]): readonly RespValue[] {
    return names.map((name) => {
      this.#names[kind].add(name);
      return this.#confirmation(command, kind, name);
    });
  }

  /** Without names: all of the kind. */
  remove(command: string, kind: MessageKind, names: readonly string[]): readonly RespValue[] {
    const ended = names.length > 0 ? names : [...this.#names[kind]];
    if (ended.length === 0) return [this.#confirmation(command, kind, null)];
    return ended.map((name) => {
      this.#names[kind].delete(name);
      return this.#confirmation(command, kind, name);
    });
  }

  clear(): void {
    for (const names of Object.values(this.#names)) names.clear();
  }

  /** Channels and patterns are counted together, shard channels by themselves. */
  #confirmation(command: string, kind: MessageKind, name: string | null): RespValue {
    const { message, pmessage, smessage } = this.#names;
    const count = kind === 'smessage' ? smessage.size : message.size + pmessage.size;
    return { push: [{ bulk: command.toLowerCase() }, name === null ? { null: true } : { bulk: name }, { integer: String(count) }] };
  }
}
