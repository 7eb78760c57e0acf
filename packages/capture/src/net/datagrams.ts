import dgram, { type Socket } from 'node:dgram';
import { guarded } from '../core/guard.js';
import type { TimelineRecorder } from '../core/timeline-recorder.js';
import { method, override } from '../http/patch.js';
import { bytesOf } from './tap-socket.js';
import { type ConnectionState, nextSession, TalkEvent } from './talk-event.js';

interface Peer {
  readonly host: string;
  readonly port: number;
}

/** What one socket and one peer tell each other, by the scopes in whose course it was sent. */
class Flow implements ConnectionState {
  readonly address;
  readonly transport = 'udp';
  readonly session = nextSession();
  readonly connected = true;
  readonly #recorder: TimelineRecorder;
  readonly #cap: number;
  #talk: TalkEvent | undefined;
  #scope: unknown;

  constructor(recorder: TimelineRecorder, { host, port }: Peer, cap: number) {
    this.#recorder = recorder;
    this.address = { host, port, tls: false };
    this.#cap = cap;
  }

  sent(bytes: Uint8Array): void {
    const scope = this.#recorder.currentScope();
    if (this.#talk === undefined || (scope !== this.#scope && scope !== undefined)) {
      this.#talk?.over();
      const talk = new TalkEvent(this, this.#talk === undefined ? null : [], this.#cap);
      this.#scope = scope;
      this.#talk = talk.begin(this.#recorder) ? talk : undefined;
    }
    this.#talk?.add('client', bytes);
  }

  received(bytes: Uint8Array): void {
    this.#talk?.add('server', bytes);
  }

  closed(): void {
    this.#talk?.over();
  }
}

/** More peers than this are no client's. */
const MOST_FLOWS = 100;

/** Datagrams that the application sends, and what comes back to the sockets that it sends them from. */
export function installDatagrams(recorder: TimelineRecorder, cap: number): Disposable {
  const sockets = new WeakMap<Socket, Flow[]>();
  const unsent = new WeakMap<Socket, number>();
  const follow = guarded('answers to datagrams', (socket: Socket, flows: Flow[]) => {
    const emit = method(socket, 'emit');
    const told = guarded('answers to datagrams', (event: unknown, bytes: unknown, from: unknown) => {
      if (event === 'close') for (const flow of flows) flow.closed();
      if (event === 'message' && bytes instanceof Uint8Array) answeredBy(flows, from)?.received(bytes);
    }, undefined);
    override(socket, 'emit', function emitted(this: unknown, ...args: unknown[]) {
      told(args[0], args[1], args[2]);
      return emit.apply(this, args);
    });
  }, undefined);
  const sending = guarded('datagrams', (socket: Socket, args: readonly unknown[]) => {
    // Until it has a port of its own, a socket keeps what it is given, and gives it to `send` again, as a list.
    const waiting = unsent.get(socket) ?? 0;
    if (!isBound(socket)) unsent.set(socket, waiting + 1);
    else if (waiting > 0 && Array.isArray(args[0])) {
      unsent.set(socket, waiting - 1);
      return;
    }
    const { message, peer } = datagramOf(socket, args);
    const bytes = Array.isArray(message) ? Buffer.concat(message.flatMap((part) => bytesOf(part) ?? [])) : bytesOf(message);
    if (bytes === null || peer === null) return;
    let flows = sockets.get(socket);
    if (!flows) {
      flows = [];
      sockets.set(socket, flows);
      follow(socket, flows);
    }
    let flow = flows.find(({ address }) => address.host === peer.host && address.port === peer.port);
    if (!flow) {
      if (flows.length >= MOST_FLOWS) return;
      flow = new Flow(recorder, peer, cap);
      flows.push(flow);
    }
    // The application may use its buffer again.
    flow.sent(Buffer.from(bytes));
  }, undefined);
  const send = method(dgram.Socket.prototype, 'send');
  return override(dgram.Socket.prototype, 'send', function sent(this: Socket, ...args: unknown[]) {
    sending(this, args);
    return send.apply(this, args);
  });
}

/** Names were sent to, addresses answer: where several peers have the port, the last name that it may be. */
function answeredBy(flows: readonly Flow[], from: unknown): Flow | undefined {
  const { address, port } = from as { readonly address?: unknown; readonly port?: unknown };
  return flows.find((flow) => flow.address.port === port && flow.address.host === address) ?? flows.findLast((flow) => flow.address.port === port);
}

/** `send(message, [offset, length], [port], [address], [callback])`; a connected socket knows its peer. */
function datagramOf(socket: Socket, args: readonly unknown[]): { readonly message: unknown; readonly peer: Peer | null } {
  const [message, ...rest] = args.filter((argument) => typeof argument !== 'function');
  const connected = connectedPeer(socket);
  const numbers = rest.filter((argument) => typeof argument === 'number' || (typeof argument === 'string' && /^\d+$/.test(argument))).map(Number);
  const isPart = numbers.length >= (connected ? 2 : 3);
  const [offset = 0, length = 0] = numbers;
  const part = isPart && message instanceof Uint8Array ? message.subarray(offset, offset + length) : message;
  if (connected) return { message: part, peer: connected };
  const host = rest.find((argument) => typeof argument === 'string' && !/^\d+$/.test(argument));
  const port = numbers[isPart ? 2 : 0];
  return { message: part, peer: port === undefined ? null : { host: typeof host === 'string' ? host : 'localhost', port } };
}

function isBound(socket: Socket): boolean {
  try {
    return socket.address().port > 0;
  } catch {
    return false;
  }
}

function connectedPeer(socket: Socket): Peer | null {
  try {
    const { address, port } = socket.remoteAddress();
    return { host: address, port };
  } catch {
    // Most sockets are not connected.
    return null;
  }
}
