import type { MessageTrigger } from '@deja/format';
import type { NatsConsumer } from './connection.js';

export const PULL_PREFIX = '$JS.API.CONSUMER.MSG.NEXT.';
const ACK_PREFIX = '$JS.ACK.';
const NANOSECONDS = 1e6;

/** What a message to a subject of acknowledgements says; null: it is none. */
export function settlementOf(subject: string, payload: Buffer): 'ack' | 'nak' | 'term' | 'working' | null {
  if (!subject.startsWith(ACK_PREFIX)) return null;
  const text = payload.toString('latin1', 0, 5);
  if (text.startsWith('-NAK')) return 'nak';
  if (text.startsWith('+TERM')) return 'term';
  return text.startsWith('+WPI') ? 'working' : 'ack';
}

/** A client that waits for messages of a consumer of JetStream. */
export class Pull implements NatsConsumer {
  readonly subject: string;
  readonly queue = '';
  /** Milliseconds after which the server says that nothing came. */
  readonly expiresMs: number | undefined;
  readonly noWait: boolean;
  /** How many messages it still takes. */
  left: number;
  readonly #give: (message: MessageTrigger, payload: Buffer) => void;

  /** `request`: JSON, or the number of messages alone. */
  constructor(subject: string, request: Buffer, give: (message: MessageTrigger, payload: Buffer) => void) {
    this.subject = subject;
    this.#give = give;
    const asked = optionsOf(request);
    this.left = typeof asked['batch'] === 'number' ? asked['batch'] : 1;
    this.noWait = asked['no_wait'] === true;
    this.expiresMs = typeof asked['expires'] === 'number' && asked['expires'] > 0 ? asked['expires'] / NANOSECONDS : this.noWait ? 0 : undefined;
  }

  give(message: MessageTrigger, payload: Buffer): void {
    this.left -= 1;
    this.#give(message, payload);
  }
}

function optionsOf(request: Buffer): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(request.toString());
    return typeof parsed === 'object' && parsed !== null ? (parsed as Readonly<Record<string, unknown>>) : { batch: Number(parsed) };
  } catch {
    return {};
  }
}
