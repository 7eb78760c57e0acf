import { connect, type Socket } from 'node:net';

/** One keep-alive connection that asks and counts the bytes of what comes back. */
export class Asker {
  readonly #socket: Socket;
  #left = 0;
  #done: (() => void) | undefined;
  #failed: ((error: Error) => void) | undefined;
  #first = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#first ||= performance.now();
      this.#left -= chunk.length;
      if (this.#left <= 0) this.#done?.();
    });
    socket.on('close', () => this.#failed?.(new Error(`the connection ended with ${this.#left} bytes to come`)));
    socket.on('error', () => undefined);
  }

  static open(port: number): Promise<Asker> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new Asker(socket)));
      socket.once('error', reject);
    });
  }

  /** Sends `request`; when `bytes` have come back, the milliseconds until the first of them. */
  async ask(request: string | Buffer, bytes: number): Promise<number> {
    const began = performance.now();
    this.#left = bytes;
    this.#first = 0;
    const answered = new Promise<void>((resolve, reject) => {
      this.#done = resolve;
      this.#failed = reject;
    });
    this.#socket.write(request);
    await answered;
    return this.#first - began;
  }

  /** Sends so many bytes as fast as they are taken. */
  async pour(bytes: number): Promise<void> {
    const piece = Buffer.alloc(1024 * 1024, 7);
    for (let left = bytes; left > 0; left -= piece.length) {
      if (!this.#socket.write(piece.subarray(0, left))) await new Promise((resolve) => this.#socket.once('drain', resolve));
    }
  }

  close(): void {
    this.#failed = undefined;
    this.#socket.destroy();
  }
}
