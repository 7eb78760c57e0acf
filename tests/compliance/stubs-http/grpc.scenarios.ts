import { setTimeout as sleep } from 'node:timers/promises';
import {
  Client, credentials, type ClientWritableStream, type ClientDuplexStream, Metadata, Server, ServerCredentials, status, type ServiceDefinition, type UntypedServiceImplementation, type ServiceError, type CallOptions,
} from '@grpc/grpc-js';
import type { CertificateFlaw } from '@deja/stubs';
import { authority, type Scenario, type StartedServer } from './harness.ts';

const bytes = (value: Buffer): Buffer => value;
const method = (path: string, requestStream: boolean, responseStream: boolean) => ({
  path, requestStream, responseStream, requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes,
});
const SERVICE: ServiceDefinition = {
  unary: method('/shop.Stock/Unary', false, false),
  upload: method('/shop.Stock/Upload', true, false),
  watch: method('/shop.Stock/Watch', false, true),
  chat: method('/shop.Stock/Chat', true, true),
};

type Implementation = Readonly<Record<string, (call: Duplex, done: Callback) => unknown>>;

async function serve(implementation: Implementation, tls = false, flaw: CertificateFlaw = 'none'): Promise<StartedServer> {
  const server = new Server();
  const rest: Implementation = Object.fromEntries(Object.keys(SERVICE).map((name) => [name, () => undefined]));
  // Its types tell the four kinds of calls apart; one implementation has one kind of each, by its definition.
  server.addService(SERVICE, { ...rest, ...implementation } as unknown as UntypedServiceImplementation);
  const { key, cert } = authority.certificate(['localhost'], flaw);
  const secure = ServerCredentials.createSsl(null, [{ private_key: Buffer.from(key), cert_chain: Buffer.from(cert) }]);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', tls ? secure : ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return { port, close: () => server.forceShutdown() };
}

/** Everything that a caller is told, in order. */
class Call {
  readonly events: unknown[] = [];
  readonly #over: Promise<void>;

  constructor(emitter: unknown) {
    const call = emitter as { on(event: string, listener: (value: never) => void): unknown };
    call.on('metadata', (metadata: Metadata) => this.events.push(['metadata', shown(metadata)]));
    call.on('data', (message: Buffer) => this.events.push(['data', message.toString()]));
    call.on('end', () => this.events.push(['end']));
    call.on('error', (error: ServiceError) => this.events.push(['error', error.code, withoutTimes(error.details)]));
    this.#over = new Promise((resolve) => {
      call.on('status', (told: { code: number; details: string; metadata: Metadata }) => {
        this.events.push(['status', told.code, withoutTimes(told.details), shown(told.metadata)]);
        setImmediate(resolve);
      });
    });
  }

  async whole(): Promise<readonly unknown[]> {
    await this.#over;
    return this.events;
  }
}

function withoutTimes(details: string): string {
  return details.replace(/after .*remote_addr/, 'remote_addr').replaceAll(/\d+\.\d+s|\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'T');
}

function shown(metadata: Metadata): unknown {
  const { date: _, ...rest } = metadata.getMap();
  return rest;
}

export async function withClient<T>(port: number, use: (client: Client) => Promise<T>, tls = false): Promise<T> {
  const client = new Client(`localhost:${port}`, tls ? credentials.createSsl(Buffer.from(authority.pem)) : credentials.createInsecure(), { 'grpc.enable_retries': 0, 'grpc.initial_reconnect_backoff_ms': 20_000 });
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

interface Unary {
  readonly answer: string | undefined;
  readonly error: readonly unknown[] | undefined;
  readonly events: readonly unknown[];
}

async function unary(client: Client, message: string, metadata = new Metadata(), options: CallOptions = {}): Promise<Unary> {
  let told: Call | undefined;
  const [error, answer] = await new Promise<[ServiceError | null, Buffer | undefined]>((resolve) => {
    const call = client.makeUnaryRequest('/shop.Stock/Unary', bytes, bytes, Buffer.from(message), metadata, options, (failure, value) => resolve([failure, value]));
    told = new Call(call);
  });
  return { answer: answer?.toString(), error: error ? [error.code, withoutTimes(error.details), shown(error.metadata)] : undefined, events: (await told?.whole()) ?? [] };
}

function fail(code: status, details: string, extra: Record<string, string> = {}): unknown {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(extra)) metadata.set(name, value);
  return { code, details, metadata };
}

type Callback = (error: unknown, value?: Buffer | null, trailer?: Metadata) => void;
interface Handled { readonly request: Buffer; readonly metadata: Metadata; sendMetadata(metadata: Metadata): void }
type Duplex = ClientDuplexStream<Buffer, Buffer> & Handled & { end(): void };

const codes = Object.entries(status).filter((entry): entry is [string, number] => typeof entry[1] === 'number' && entry[0] !== 'OK');

const echo: Implementation = {
  unary: (call: Duplex, done: Callback) => done(null, Buffer.from(`re: ${call.request.toString()}`)),
};

export const grpcScenarios: readonly Scenario[] = [
  { name: 'unary', serve: () => serve(echo), client: (port) => withClient(port, (client) => unary(client, 'one')) },
  { name: 'unary over TLS', serve: () => serve(echo, true), client: (port) => withClient(port, (client) => unary(client, 'one'), true) },
  {
    name: 'unary, ten at once on one channel',
    serve: () => serve({ unary: (call: Duplex, done: Callback) => setTimeout(() => done(null, call.request), 50 - Number(call.request) * 4) }),
    client: (port) => withClient(port, (client) => Promise.all(Array.from({ length: 10 }, async (_, n) => (await unary(client, String(n))).answer))),
  },
  {
    name: 'metadata and trailers, text and binary',
    serve: () => serve({
      unary: (call: Duplex, done: Callback) => {
        const head = new Metadata();
        head.set('x-head', 'h');
        head.set('x-bytes-bin', Buffer.from([0, 255]));
        call.sendMetadata(head);
        const trailer = new Metadata();
        trailer.add('x-trail', 'a');
        trailer.add('x-trail', 'b');
        done(null, Buffer.from(String(call.metadata.get('x-asked')[0])), trailer);
      },
    }),
    client: (port) => withClient(port, (client) => {
      const metadata = new Metadata();
      metadata.set('x-asked', 'yes');
      return unary(client, '', metadata);
    }),
  },
  ...codes.map(([name, code]): Scenario => ({
    name: `trailers-only ${name}`,
    serve: () => serve({ unary: (_: Duplex, done: Callback) => done(fail(code, `it was ${name}: ü%`, { 'x-why': name })) }),
    client: (port) => withClient(port, (client) => unary(client, 'one')),
  })),
  {
    name: 'error after the head',
    serve: () => serve({ unary: (call: Duplex, done: Callback) => {
      call.sendMetadata(new Metadata());
      setTimeout(() => done(fail(status.ABORTED, 'later')), 20);
    } }),
    client: (port) => withClient(port, (client) => unary(client, 'one')),
  },
  {
    name: 'deadline exceeded',
    serve: () => serve({}),
    client: (port) => withClient(port, (client) => unary(client, 'one', new Metadata(), { deadline: Date.now() + 150 })),
  },
  {
    name: 'deadline exceeded in a stream',
    serve: () => serve({ watch: (call: Duplex) => { call.write(Buffer.from('first')); } }),
    client: (port) => withClient(port, async (client) => new Call(client.makeServerStreamRequest('/shop.Stock/Watch', bytes, bytes, Buffer.from('all'), new Metadata(), { deadline: Date.now() + 200 })).whole()),
  },
  {
    name: 'cancelled by the caller',
    serve: () => serve({ watch: (call: Duplex) => { call.write(Buffer.from('first')); } }),
    client: (port) => withClient(port, async (client) => {
      const call = client.makeServerStreamRequest('/shop.Stock/Watch', bytes, bytes, Buffer.from('all'));
      call.once('data', () => setTimeout(() => call.cancel(), 20));
      return new Call(call).whole();
    }),
  },
  {
    name: 'nothing listens: UNAVAILABLE',
    serve: async () => {
      const server = await serve({});
      await server.close();
      return { port: server.port, close: () => undefined };
    },
    client: (port) => withClient(port, async (client) => {
      const { answer, error } = await unary(client, 'one');
      return { answer, error: error?.[0] };
    }),
  },
  {
    name: 'an expired certificate: UNAVAILABLE',
    serve: () => serve({}, true, 'expired'),
    client: (port) => withClient(port, async (client) => {
      const { answer, error } = await unary(client, 'one');
      return { answer, error: [error?.[0], /certificate has expired/.test(String(error?.[1]))] };
    }, true),
  },
  {
    name: 'server stream',
    serve: () => serve({ watch: (call: Duplex) => void (async () => {
      for (const part of ['a', 'b', 'c']) {
        call.write(Buffer.from(part));
        await sleep(10);
      }
      call.end();
    })() }),
    client: (port) => withClient(port, async (client) => new Call(client.makeServerStreamRequest('/shop.Stock/Watch', bytes, bytes, Buffer.from('all'))).whole()),
  },
  {
    name: 'server stream that fails midway',
    serve: () => serve({ watch: (call: Duplex) => {
      call.write(Buffer.from('a'));
      setTimeout(() => call.emit('error', fail(status.DATA_LOSS, 'disk', { 'x-at': '1' }) as Error), 20);
    } }),
    client: (port) => withClient(port, async (client) => new Call(client.makeServerStreamRequest('/shop.Stock/Watch', bytes, bytes, Buffer.from('all'))).whole()),
  },
  {
    name: 'server stream of many large messages',
    serve: () => serve({ watch: (call: Duplex) => {
      for (let n = 0; n < 20; n++) call.write(Buffer.alloc(20_000, 65 + n));
      call.end();
    } }),
    client: (port) => withClient(port, async (client) => new Call(client.makeServerStreamRequest('/shop.Stock/Watch', bytes, bytes, Buffer.from('all'))).whole()),
  },
  {
    name: 'client stream',
    serve: () => serve({ upload: (call: Duplex, done: Callback) => {
      const parts: string[] = [];
      call.on('data', (part: Buffer) => parts.push(part.toString()));
      call.on('end', () => done(null, Buffer.from(parts.join('+'))));
    } }),
    client: (port) => withClient(port, upload(['a', 'bb', 'ccc'])),
  },
  {
    name: 'client stream, answered before it ends',
    serve: () => serve({ upload: (call: Duplex, done: Callback) => {
      call.once('data', () => done(fail(status.RESOURCE_EXHAUSTED, 'enough')));
    } }),
    client: (port) => withClient(port, async (client) => {
      let call: ClientWritableStream<Buffer> | undefined;
      const error = await new Promise<ServiceError | null>((resolve) => {
        call = client.makeClientStreamRequest('/shop.Stock/Upload', bytes, bytes, (failure) => resolve(failure));
        call.write(Buffer.from('a'));
      });
      call?.end();
      return [error?.code, error?.details];
    }),
  },
  {
    name: 'bidirectional: a question, an answer, the next question',
    serve: () => serve({ chat: (call: Duplex) => {
      call.on('data', (part: Buffer) => call.write(Buffer.from(`re: ${part.toString()}`)));
      call.on('end', () => call.end());
    } }),
    client: (port) => withClient(port, chat(['one', 'two', 'three'])),
  },
  {
    name: 'bidirectional: the server speaks first and ends first',
    serve: () => serve({ chat: (call: Duplex) => {
      call.write(Buffer.from('welcome'));
      call.once('data', () => {
        call.write(Buffer.from('bye'));
        call.end();
      });
    } }),
    client: (port) => withClient(port, async (client) => {
      const call = client.makeBidiStreamRequest('/shop.Stock/Chat', bytes, bytes);
      const told = new Call(call);
      call.once('data', () => call.write(Buffer.from('hello')));
      return told.whole();
    }),
  },
  {
    name: 'bidirectional: an answer to every second message',
    serve: () => serve({ chat: (call: Duplex) => {
      let n = 0;
      call.on('data', () => {
        n += 1;
        if (n % 2 === 0) call.write(Buffer.from(`after ${n}`));
      });
      call.on('end', () => call.end());
    } }),
    client: (port) => withClient(port, async (client) => {
      const call = client.makeBidiStreamRequest('/shop.Stock/Chat', bytes, bytes);
      const told = new Call(call);
      for (let n = 0; n < 6; n++) {
        call.write(Buffer.from(`message ${n}`));
        await sleep(5);
      }
      call.end();
      return told.whole();
    }),
  },
  {
    name: 'the server goes away during a call',
    serve: async () => {
      const started = await serve({ unary: () => setTimeout(() => void started.close(), 20) });
      return started;
    },
    client: (port) => withClient(port, (client) => unary(client, 'one')),
  },
];

function upload(parts: readonly string[]) {
  return async (client: Client): Promise<unknown> => {
    let told: Call | undefined;
    const result = await new Promise((resolve) => {
      const call = client.makeClientStreamRequest('/shop.Stock/Upload', bytes, bytes, (error, value) => resolve([error?.code, value?.toString()]));
      told = new Call(call);
      for (const part of parts) call.write(Buffer.from(part));
      call.end();
    });
    return [result, await told?.whole()];
  };
}

export function chat(parts: readonly string[]) {
  return async (client: Client): Promise<readonly unknown[]> => {
    const call = client.makeBidiStreamRequest('/shop.Stock/Chat', bytes, bytes);
    const told = new Call(call);
    let next = 0;
    const say = (): void => {
      const part = parts[next++];
      if (part === undefined) call.end();
      else call.write(Buffer.from(part));
    };
    call.on('data', say);
    say();
    return told.whole();
  };
}
