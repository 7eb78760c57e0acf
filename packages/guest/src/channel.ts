import type { Readable, Writable } from 'node:stream';
import { encodeFrameHead, FrameDecoder } from './frames.js';
import type { Frame } from './frames.js';

export interface FrameListener {
  frame(frame: Frame): void;
  /** The stream ended or broke; nothing comes after it. */
  closed(error?: Error): void;
}

/** Frames over any pair of byte streams: pipes, a socket, vsock, virtio-serial. */
export class FrameChannel {
  readonly #writable: Writable;

  constructor(readable: Readable, writable: Writable, listener: FrameListener) {
    this.#writable = writable;
    const decoder = new FrameDecoder();
    let open = true;
    const close = (error?: Error): void => {
      if (!open) return;
      open = false;
      listener.closed(error);
    };
    readable.on('data', (chunk: Uint8Array) => {
      if (!open) return;
      try {
        for (const frame of decoder.push(chunk)) listener.frame(frame);
      } catch (error) {
        close(error as Error);
      }
    });
    readable.on('end', () => close(decoder.between ? undefined : new Error('the stream ended within a frame')));
    readable.on('close', () => close());
    readable.on('error', close);
    writable.on('error', close);
    // It may have been paused while it was handed over.
    readable.resume();
  }

  /**
   * Queues one frame; frames arrive in the order of the calls.
   *
   * @throws DejaError DEJA_FRAME_TOO_LARGE, with nothing sent.
   */
  send(header: Frame['header'], payload: Uint8Array = EMPTY): void {
    const head = encodeFrameHead(header, payload.length);
    this.#writable.write(head);
    if (payload.length > 0) this.#writable.write(payload);
  }

  /** Resolves when everything sent so far was handed to the system. */
  flushed(): Promise<void> {
    return new Promise((resolve) => this.#writable.write(EMPTY, () => resolve()));
  }
}

const EMPTY = new Uint8Array(0);
