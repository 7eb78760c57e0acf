let follow: ((error: Error) => void) | undefined;

/**
 * A library has written the stack of this error anew, so that V8 will not be asked for it: whoever reads it from now on shows the error.
 * Only for stacks that were assigned; reading another would make its text.
 */
export function followWrittenStack(error: unknown): void {
  try {
    if (error instanceof Error) follow?.(error);
  } catch {
    // The error stays as it is.
  }
}

/**
 * Reads of an error's stack that count as showing it. While the debugger for locals is on, V8 itself reads the stack of every error that is
 * thrown; those reads have to be told from the application's.
 */
export class StackReads {
  /** Reads since the last pause at this error, for errors at which there was one. */
  readonly #reads = new WeakMap<Error, number>();
  readonly #onRead: (error: Error) => void;

  constructor(onRead: (error: Error) => void) {
    this.#onRead = onRead;
    follow = (error) => this.#written(error);
  }

  #written(error: Error): void {
    if (this.#reads.has(error)) return;
    this.#reads.set(error, 0);
    this.#follow(error);
  }

  /**
   * The program is paused where this error was thrown, and the debugger has read its stack once.
   * Returns whether nobody else has since the last pause. From now on the application's reads are seen, although V8 has made the text.
   */
  paused(error: Error): boolean {
    const reads = this.#reads.get(error);
    this.#reads.set(error, 0);
    if (reads !== undefined) return reads <= 1;
    this.#follow(error);
    // The text was made just now, or it is one that was logged before it was thrown: rare, and then it is told of elsewhere.
    return true;
  }

  #follow(error: Error): void {
    const native = Object.getOwnPropertyDescriptor(error, 'stack');
    if (native?.configurable !== true) return;
    const read = (): void => {
      this.#reads.set(error, (this.#reads.get(error) ?? 0) + 1);
      this.#onRead(error);
    };
    Object.defineProperty(error, 'stack', {
      configurable: true,
      enumerable: native.enumerable === true,
      get(this: unknown): unknown {
        read();
        return native.get ? native.get.call(this) : native.value;
      },
      set(this: unknown, value: unknown) {
        Object.defineProperty(this, 'stack', { value, writable: true, configurable: true, enumerable: native.enumerable === true });
      },
    });
  }
}
