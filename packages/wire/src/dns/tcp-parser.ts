import { ByteQueue } from '../byte-queue.js';
import { type DnsQuestion, parseDnsQuestion } from './message.js';

const LENGTH = 2;

/** DNS over TCP puts two bytes of length before each message. Takes any split of the bytes. */
export class DnsTcpParser {
  readonly #queue = new ByteQueue();

  /** Throws `WireError` when a message is no query. */
  push(chunk: Uint8Array): DnsQuestion[] {
    this.#queue.push(chunk);
    const questions: DnsQuestion[] = [];
    while (this.#queue.length >= LENGTH) {
      const bytes = this.#queue.view();
      const size = LENGTH + bytes.readUInt16BE(0);
      if (bytes.length < size) break;
      questions.push(parseDnsQuestion(bytes.subarray(LENGTH, size)));
      this.#queue.drop(size);
    }
    return questions;
  }
}

export function frameDnsOverTcp(message: Buffer): Buffer {
  const size = Buffer.alloc(LENGTH);
  size.writeUInt16BE(message.length);
  return Buffer.concat([size, message]);
}
