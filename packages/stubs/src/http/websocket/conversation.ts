import type { Socket } from 'node:net';
import type { WebSocketMessage } from '@deja/format';
import { type AssembledMessage, MessageAssembler, WebSocketFrameParser } from '@deja/wire/websocket';
import { fateOf } from '../../fate.js';
import type { HttpExchange } from '../../plan.js';
import type { StubRuntime } from '../../runtime.js';
import { resetConnection } from '../connection.js';
import { answerOf } from '../early.js';
import { describeExchange } from '../match.js';
import { header } from '../question.js';
import { differentMessage } from './incoming.js';
import { closeFrame, framesOf, pongFrame, windowBits } from './outgoing.js';

const LARGEST = 256 * 1024 * 1024;
/** Code of a close frame: the server cannot go on. */
const CANNOT_GO_ON = 1011;
const PROTOCOL_ERROR = 1002;
/** Without a pause, what was sent in two pieces arrives in one. */
const FRAGMENT_GAP_MS = 1;
/** Time for bytes to reach the other side before a reset throws away what is still on its way. */
const RESET_GRACE_MS = 5;

/** A recorded WebSocket connection, replayed: what the client says is compared, what the server said goes out after as many messages of the client as then. */
export class Conversation {
  readonly #socket: Socket;
  readonly #exchange: HttpExchange;
  readonly #runtime: StubRuntime;
  readonly #stub: string;
  readonly #parser = new WebSocketFrameParser(LARGEST);
  readonly #assembler = new MessageAssembler(LARGEST);
  /** What the client said, in order: pings and pongs come and go with time. */
  readonly #expected: readonly WebSocketMessage[];
  readonly #pings: { readonly asked: number; readonly answered: number };
  #heard = 0;
  #pinged = 0;
  #over = false;
  readonly #waiting = new Set<() => void>();

  constructor(socket: Socket, exchange: HttpExchange, runtime: StubRuntime, stub: string) {
    this.#socket = socket;
    this.#exchange = exchange;
    this.#runtime = runtime;
    this.#stub = stub;
    const all = this.#messages();
    this.#expected = all.filter((message) => message.from === 'client' && isSaid(message));
    this.#pings = { asked: count(all, 'client', 'ping'), answered: count(all, 'server', 'pong') };
  }

  /** From the answer's head on, until the connection ends as recorded. `start`: when the exchange began. */
  async play(head: Buffer, early: Buffer, start: number): Promise<void> {
    const { pace, order, journal } = this.#runtime;
    const socket = this.#socket;
    const turn = order.enter(this.#exchange, this.#stub);
    try {
      if (!(await pace.until(start, answerOf(this.#exchange).ttfb ?? 0))) return;
      socket.write(head);
      const headAt = pace.now();
      socket.on('data', (bytes: Buffer) => this.#receive(bytes));
      socket.on('close', () => this.#finish());
      if (early.length > 0) this.#receive(early);
      if (!(await this.#speak(headAt))) return;
      const fate = this.#fate();
      // Nothing is known of how it went on: it stays open.
      if (fate === 'hold') return journal.serve(this.#exchange.seq, this.#stub);
      if (!(await this.#heardAll()) || !(await pace.until(start, this.#exchange.ms ?? 0))) return;
      await turn.wait();
      if (fate === 'rst') {
        await this.#runtime.clock.sleep(RESET_GRACE_MS);
        resetConnection(socket);
      } else socket.destroySoon();
      journal.serve(this.#exchange.seq, this.#stub);
    } finally {
      turn.leave();
    }
  }

  /** Everything that the server said, when its time and turn have come. False: the connection ended before. */
  async #speak(headAt: number): Promise<boolean> {
    const bits = windowBits(header(answerOf(this.#exchange).headers ?? [], 'sec-websocket-extensions'));
    let before = 0;
    for (const message of this.#messages()) {
      if (message.from === 'client') {
        if (isSaid(message)) before += 1;
        continue;
      }
      if (message.type === 'pong' && this.#pings.asked > 0) continue;
      if (!(await this.#heardAll(before))) return false;
      const frames = framesOf(message, this.#runtime.bytes(message.body), bits);
      for (const [index, frame] of frames.entries()) {
        if (!(await this.#runtime.pace.until(headAt, message.fragments?.[index]?.[0] ?? message.ms)) || this.#over) return false;
        this.#socket.write(frame);
        if (index < frames.length - 1) await this.#runtime.clock.sleep(FRAGMENT_GAP_MS);
      }
    }
    return true;
  }

  async #heardAll(messages = this.#expected.length): Promise<boolean> {
    while (this.#heard < messages && !this.#over) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
    }
    return this.#heard >= messages;
  }

  #receive(bytes: Buffer): void {
    if (this.#over) return;
    try {
      for (const frame of this.#parser.push(bytes)) {
        const message = this.#assembler.push(frame);
        if (message) this.#hear(message);
      }
    } catch (error) {
      this.#stray(`bytes that are no messages: ${error instanceof Error ? error.message : String(error)}`, PROTOCOL_ERROR);
    }
    this.#wake();
  }

  #hear(message: AssembledMessage): void {
    if (message.type === 'ping') return this.#answerPing(message.data);
    if (message.type === 'pong' || this.#over) return;
    const recorded = this.#expected[this.#heard];
    if (!recorded) {
      // The recording ended while the connection was open.
      if ('pending' in this.#exchange.outcome) {
        if (message.type === 'close') this.#socket.end(closeFrame(message.code, ''));
        return;
      }
      return this.#stray(`${message.type} of ${message.data.length} bytes after the last recorded message`);
    }
    const difference = differentMessage(recorded, message, (body) => this.#runtime.bytes(body), this.#exchange);
    if (difference !== null) return this.#stray(`message ${this.#heard + 1}: ${difference}`);
    this.#heard += 1;
  }

  /** As often as the server did; where no pings were recorded, as the protocol wants it. */
  #answerPing(payload: Buffer): void {
    this.#pinged += 1;
    const { asked, answered } = this.#pings;
    if (answered >= asked || this.#pinged <= answered) this.#socket.write(pongFrame(payload));
  }

  #stray(difference: string, code = CANNOT_GO_ON): void {
    const { seq } = this.#exchange;
    const text = describeExchange(this.#exchange);
    this.#runtime.journal.diverge({ stub: this.#stub, asked: `message to ${text}`, nearest: { seq, text, difference } });
    this.#socket.end(closeFrame(code, `Deja: not in the recording: ${difference}`));
    this.#finish();
  }

  #fate(): 'hold' | 'fin' | 'rst' {
    const { outcome } = this.#exchange;
    if ('pending' in outcome) return 'hold';
    if ('ok' in outcome) return 'fin';
    const fate = fateOf(outcome.error);
    return fate === 'hold' || fate === 'rst' ? fate : 'fin';
  }

  #messages(): readonly WebSocketMessage[] {
    return answerOf(this.#exchange).messages ?? [];
  }

  #finish(): void {
    this.#over = true;
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

function isSaid({ type }: WebSocketMessage): boolean {
  return type !== 'ping' && type !== 'pong';
}

function count(messages: readonly WebSocketMessage[], from: WebSocketMessage['from'], type: WebSocketMessage['type']): number {
  return messages.filter((message) => message.from === from && message.type === type).length;
}
