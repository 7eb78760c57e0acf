import type { Server } from 'node:net';
import type { MessageTrigger } from '@deja/format';

/** The stub of a broker; its server is not listening yet. */
export interface BrokerStub {
  readonly server: Server;
  /** Hands a message to the application as soon as that consumes it. Returns what went wrong, in words, or null. */
  deliver(message: MessageTrigger, ended: AbortSignal): Promise<string | null>;
}

/** Those who consume, or wait for a message. */
export class Consumers<C> {
  readonly #all = new Set<C>();
  readonly #waiting = new Set<() => void>();

  add(consumer: C): void {
    this.#all.add(consumer);
    this.changed();
  }

  delete(consumer: C): void {
    this.#all.delete(consumer);
  }

  /** Somebody may take messages who did not before. */
  changed(): void {
    for (const look of this.#waiting) look();
  }

  /** Gives to the first that will do, as soon as there is one, at that very moment: a consumer may take one message only. False: none was there before the signal. */
  async hand(willDo: (consumer: C) => boolean, give: (consumer: C) => void, ended: AbortSignal): Promise<boolean> {
    const tried = (): boolean => {
      const found = [...this.#all].find(willDo);
      if (found !== undefined) give(found);
      return found !== undefined;
    };
    if (ended.aborted || tried()) return !ended.aborted;
    return await new Promise((resolve) => {
      const settle = (given: boolean): void => {
        this.#waiting.delete(look);
        ended.removeEventListener('abort', stop);
        resolve(given);
      };
      const look = (): void => {
        if (tried()) settle(true);
      };
      const stop = (): void => settle(false);
      this.#waiting.add(look);
      ended.addEventListener('abort', stop);
    });
  }
}
