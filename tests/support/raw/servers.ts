/** Real servers of protocols that no instrumentation knows, for tests: they are gone when failures happen again. */
import { createRequire } from 'node:module';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

export interface RawServer extends AsyncDisposable {
  readonly port: number;
}

export async function listening(server: Server): Promise<RawServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const refused = (text: string): Error => Object.assign(new Error(text), { responseCode: 550 });

/** Takes mail for everybody but `nobody@example.com`; with STARTTLS and a password. For `slammed@…` the connection ends. */
export async function smtpServer(packages: string, password: string): Promise<RawServer> {
  const require = createRequire(join(packages, 'package.json'));
  const { SMTPServer } = require('smtp-server') as { SMTPServer: new (options: object) => { readonly server: Server } };
  const smtp = new SMTPServer({
    authMethods: ['PLAIN', 'LOGIN'],
    onAuth: (auth: { readonly password: string }, _: unknown, done: (error: Error | null, value?: object) => void) => (auth.password === password ? done(null, { user: 'shop' }) : done(new Error('no such password'))),
    onRcptTo: ({ address }: { readonly address: string }, _: unknown, done: (error?: Error) => void) => {
      if (address.startsWith('slammed')) for (const connection of (smtp as unknown as { connections: Set<{ id: string; _socket: Socket }> }).connections) connection._socket.destroy();
      else done(address.startsWith('nobody') ? refused('no such mailbox') : undefined);
    },
    onData: (stream: NodeJS.ReadableStream, _: unknown, done: (error: null, text: string) => void) => void stream.on('end', () => done(null, 'queued')).resume(),
  });
  return await listening(smtp.server);
}

/** The binary protocol of memcached, GET only. */
export async function memcachedServer(values: Readonly<Record<string, string>>): Promise<RawServer> {
  return await listening(createServer((socket) => {
    let heard = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      heard = Buffer.concat([heard, bytes]);
      while (heard.length >= 24 && heard.length >= 24 + heard.readUInt32BE(8)) {
        const size = 24 + heard.readUInt32BE(8);
        const [asked, extras] = [heard.subarray(0, size), heard.readUInt8(4)];
        heard = heard.subarray(size);
        const value = values[asked.toString('utf8', 24 + extras, 24 + extras + asked.readUInt16BE(2))];
        const body = value === undefined ? Buffer.from('Not found') : Buffer.concat([Buffer.alloc(4), Buffer.from(value)]);
        const head = Buffer.alloc(24);
        head.writeUInt8(0x81, 0);
        head.writeUInt8(asked.readUInt8(1), 1);
        head.writeUInt8(value === undefined ? 0 : 4, 4);
        head.writeUInt16BE(value === undefined ? 1 : 0, 6);
        head.writeUInt32BE(body.length, 8);
        asked.copy(head, 12, 12, 16);
        socket.write(Buffer.concat([head, body]));
      }
    });
  }));
}

/** After `HELLO` a connection is kept: `GET ann` gives `ann = 1`, `GET bob` gives no value. */
function keep(socket: Socket, first: Buffer): void {
  const answer = (bytes: Buffer): void => {
    for (const line of bytes.toString('latin1').split('\r\n')) {
      const name = line.slice(4);
      if (line === 'HELLO') socket.write('HI\r\n');
      else if (line.startsWith('GET ')) socket.write(name === 'bob' ? 'bob\r\n' : `${name} = 1\r\n`);
    }
  };
  answer(first);
  socket.on('data', answer);
}

/** Answers lines of text: `ASK half …` and then a reset in the middle, `ASK all …` in two pieces. */
export async function lineServer(): Promise<RawServer> {
  return await listening(createServer((socket) => {
    socket.once('data', (bytes: Buffer) => {
      if (bytes.toString('latin1').startsWith('HELLO')) {
        keep(socket, bytes);
        return;
      }
      const [, what = ''] = bytes.toString('latin1').split(' ');
      socket.write('ONE\r\n');
      setTimeout(() => {
        if (what === 'half') socket.resetAndDestroy();
        else socket.end(what === 'cut' ? 'TW' : 'TWO\r\nEND\r\n');
      }, 30);
    });
  }));
}

/** An MQTT broker; whoever publishes to `orders/asked` is told at `orders/told`. */
export async function mqttBroker(packages: string, password: string): Promise<RawServer> {
  const require = createRequire(join(packages, 'package.json'));
  const Aedes = require('aedes') as new (options: object) => { handle: (socket: Socket) => void; publish: (packet: object) => void; on: (event: string, listener: (packet: { topic: string; payload: Buffer }) => void) => void };
  const broker = new Aedes({ authenticate: (_: unknown, __: string, given: Buffer | undefined, done: (error: null, ok: boolean) => void) => done(null, given?.toString() === password) });
  broker.on('publish', ({ topic, payload }) => {
    if (topic === 'orders/asked') broker.publish({ cmd: 'publish', qos: 0, topic: 'orders/told', payload: Buffer.from(JSON.stringify({ order: payload.toString(), state: 'lost' })), retain: false });
  });
  return await listening(createServer((socket) => broker.handle(socket)));
}
