import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket as Ws, WebSocketServer, type ClientOptions, type ServerOptions } from 'ws';
import type { Scenario, StartedServer } from './harness.ts';
import { listening } from './servers.ts';

type OnConnection = (socket: Ws, request: IncomingMessage) => void;

async function serve(onConnection: OnConnection, options: ServerOptions = {}): Promise<StartedServer> {
  const server = createServer((_request, response) => response.writeHead(426).end());
  const sockets = new WebSocketServer({ server, ...options });
  sockets.on('connection', (socket, request) => {
    socket.on('error', () => undefined);
    onConnection(socket, request);
  });
  return listening(server);
}

/** Follows a client of `ws` until its connection is closed. */
async function follow(port: number, path: string, act: (socket: Ws, events: unknown[]) => void, options: ClientOptions = {}, protocols: string[] = []): Promise<unknown> {
  const events: unknown[] = [];
  const socket = new Ws(`ws://127.0.0.1:${port}${path}`, protocols, options);
  socket.on('open', () => events.push(['open', socket.protocol, socket.extensions]));
  socket.on('upgrade', (response) => events.push(['upgrade', response.statusCode, response.headers['x-more']]));
  socket.on('message', (data: Buffer, binary) => events.push(['message', binary, data.toString('latin1').slice(0, 100), data.length]));
  socket.on('ping', (data) => events.push(['ping', data.toString()]));
  socket.on('pong', (data) => events.push(['pong', data.toString()]));
  socket.on('error', (error: NodeJS.ErrnoException) => events.push(['error', error.code, error.message]));
  const closed = new Promise<readonly unknown[]>((resolve) => {
    socket.on('close', (code, reason) => resolve(['close', code, reason.toString()]));
  });
  act(socket, events);
  const end = await closed;
  return [...events, end];
}

/** The same with the WebSocket that Node has itself. */
async function followGlobal(port: number, path: string, act: (socket: WebSocket) => void, protocols: string[] = []): Promise<unknown> {
  const events: unknown[] = [];
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols);
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('open', () => events.push(['open', socket.protocol, socket.extensions]));
  socket.addEventListener('message', ({ data }) => events.push(['message', typeof data, typeof data === 'string' ? data : Buffer.from(data as ArrayBuffer).toString('latin1')]));
  socket.addEventListener('error', () => events.push(['error']));
  const closed = new Promise<CloseEvent>((resolve) => {
    socket.addEventListener('close', resolve);
  });
  act(socket);
  const { code, reason, wasClean } = await closed;
  return [...events, ['close', code, reason, wasClean]];
}

const onMessage = (socket: Ws, answer: (text: string, binary: boolean) => void): void => {
  socket.on('message', (data: Buffer, binary) => answer(data.toString('latin1'), binary));
};

const echo: OnConnection = (socket) => onMessage(socket, (text, binary) => {
  if (text === 'bye') socket.close(1000, 'done');
  else socket.send(binary ? Buffer.from(text, 'latin1') : `re: ${text}`);
});

/** Says the next thing when the last one was answered. */
const dialogue = (parts: readonly (string | Buffer)[]) => (socket: Ws): void => {
  let next = 0;
  const say = (): void => {
    const part = parts[next++];
    if (part !== undefined) socket.send(part);
  };
  socket.on('open', say);
  socket.on('message', say);
};

const rawOf = (socket: Ws): Socket => (socket as unknown as { _socket: Socket })._socket;

export const webSocketScenarios: readonly Scenario[] = [
  { name: 'text, question and answer, the server closes', serve: () => serve(echo), client: (port) => follow(port, '/chat?a=1', dialogue(['one', 'two', 'bye'])) },
  { name: 'binary', serve: () => serve(echo), client: (port) => follow(port, '/', dialogue([Buffer.from([0, 255, 128, 10]), Buffer.alloc(70_000, 7), 'bye'])) },
  { name: 'empty messages', serve: () => serve(echo), client: (port) => follow(port, '/', dialogue(['', Buffer.alloc(0), 'bye'])) },
  {
    name: 'the client closes with code and reason',
    serve: () => serve(echo),
    client: (port) => follow(port, '/', (socket) => {
      socket.on('open', () => socket.send('hello'));
      socket.on('message', () => socket.close(4001, 'enough'));
    }),
  },
  {
    name: 'the server speaks first, several messages at their times',
    serve: () => serve((socket) => void (async () => {
      for (const text of ['a', 'b', 'c']) {
        socket.send(text);
        await sleep(15);
      }
      socket.close(1001, 'going away');
    })()),
    client: (port) => follow(port, '/', () => undefined),
  },
  {
    name: 'permessage-deflate with context, both ways',
    serve: () => serve((socket) => onMessage(socket, (text) => (text === 'bye' ? socket.close() : socket.send(`re: ${text}`, { compress: true }))), { perMessageDeflate: { threshold: 0 } }),
    client: (port) => follow(port, '/', dialogue([`{"long":"${'abc'.repeat(300)}"}`, `{"long":"${'abc'.repeat(301)}"}`, 'bye']), { perMessageDeflate: { threshold: 0 } }),
  },
  {
    name: 'permessage-deflate without context, small window',
    serve: () => serve((socket) => onMessage(socket, (text) => (text === 'bye' ? socket.close() : socket.send(`re: ${text}`))), { perMessageDeflate: { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 10 } }),
    client: (port) => follow(port, '/', dialogue(['abc'.repeat(3000), 'abc'.repeat(3001), 'bye'])),
  },
  {
    name: 'fragments',
    serve: () => serve((socket) => {
      socket.send('one ', { fin: false });
      socket.ping('between');
      setTimeout(() => {
        socket.send('two ', { fin: false });
        socket.send('three', { fin: true });
        socket.close(1000);
      }, 20);
    }),
    client: (port) => follow(port, '/', () => undefined),
  },
  {
    name: 'fragments of the client',
    serve: () => serve(echo),
    client: (port) => follow(port, '/', (socket) => {
      socket.on('open', () => {
        socket.send('he', { fin: false });
        socket.send('llo', { fin: true });
      });
      socket.on('message', () => socket.send('bye'));
    }),
  },
  {
    name: 'pings of both sides',
    serve: () => serve((socket) => {
      socket.ping('are you there');
      socket.on('pong', () => socket.send('you are'));
      onMessage(socket, () => socket.close());
    }),
    client: (port) => follow(port, '/', (socket) => {
      socket.on('message', () => socket.ping('and you'));
      socket.on('pong', () => socket.send('good'));
    }),
  },
  {
    name: 'a ping that is not answered',
    serve: () => serve(() => undefined, { autoPong: false }),
    client: (port) => follow(port, '/', (socket, events) => {
      socket.on('open', () => socket.ping('anyone'));
      setTimeout(() => {
        events.push('no pong');
        socket.terminate();
      }, 60);
    }),
  },
  {
    name: 'the server cuts the connection',
    serve: () => serve((socket) => {
      socket.send('last words');
      setTimeout(() => rawOf(socket).destroy(), 30);
    }),
    client: (port) => follow(port, '/', () => undefined),
  },
  {
    name: 'the server resets the connection',
    serve: () => serve((socket) => {
      socket.send('last words');
      setTimeout(() => rawOf(socket).resetAndDestroy(), 30);
    }),
    client: (port) => follow(port, '/', () => undefined),
  },
  {
    name: 'the server cuts the connection within a message',
    serve: () => serve((socket) => {
      socket.send('whole');
      socket.send('not who', { fin: false });
      setTimeout(() => rawOf(socket).destroy(), 30);
    }),
    client: (port) => follow(port, '/', () => undefined),
  },
  {
    name: 'the client cuts the connection',
    serve: () => serve((socket) => socket.send('hello')),
    client: (port) => follow(port, '/', (socket) => {
      socket.on('message', () => socket.terminate());
    }),
  },
  ...[1000, 1001, 1003, 1008, 1009, 1011, 1012, 4000].map((code): Scenario => ({
    name: `closed by the server with ${code}`,
    serve: () => serve((socket) => socket.close(code, `because ${code}`)),
    client: (port) => follow(port, '/', () => undefined),
  })),
  {
    name: 'closed without a code',
    serve: () => serve((socket) => socket.close()),
    client: (port) => follow(port, '/', () => undefined),
  },
  {
    name: 'a subprotocol and headers of the answer',
    serve: () => serve((socket) => socket.close(1000), { handleProtocols: () => 'v2' }),
    client: (port) => follow(port, '/', () => undefined, { headers: { 'x-tenant': 'a' } }, ['v1', 'v2']),
  },
  {
    name: 'refused with 401',
    serve: () => serve(() => undefined, { verifyClient: (_info, done) => done(false, 401, 'no') }),
    client: (port) => follow(port, '/', () => undefined),
  },
  {
    name: 'nothing listens',
    serve: async () => {
      const server = await serve(() => undefined);
      await server.close();
      return { port: server.port, close: () => undefined };
    },
    client: (port) => follow(port, '/', () => undefined),
  },
  {
    name: 'two connections at once, told apart by their path',
    serve: () => serve((socket, request) => onMessage(socket, (text) => {
      socket.send(`${request.url ?? ''} ${text}`);
      socket.close();
    })),
    client: (port) => Promise.all(['/a', '/b'].map((path) => follow(port, path, dialogue(['hi'])))),
  },
  {
    name: 'Node\'s own WebSocket: text and binary',
    serve: () => serve(echo),
    client: (port) => followGlobal(port, '/own', (socket) => {
      const parts: (string | Buffer<ArrayBuffer>)[] = ['one', Buffer.from([1, 2, 255]), 'bye'];
      const say = (): void => {
        const part = parts.shift();
        if (part !== undefined) socket.send(part);
      };
      socket.addEventListener('open', say);
      socket.addEventListener('message', say);
    }),
  },
  {
    name: 'Node\'s own WebSocket: permessage-deflate',
    serve: () => serve(echo, { perMessageDeflate: { threshold: 0 } }),
    client: (port) => followGlobal(port, '/', (socket) => {
      socket.addEventListener('open', () => socket.send('x'.repeat(2000)));
      socket.addEventListener('message', () => socket.send('bye'));
    }),
  },
  {
    name: 'Node\'s own WebSocket: the client closes',
    serve: () => serve(echo),
    client: (port) => followGlobal(port, '/', (socket) => {
      socket.addEventListener('open', () => socket.send('hello'));
      socket.addEventListener('message', () => socket.close(3001, 'enough'));
    }),
  },
  {
    name: 'Node\'s own WebSocket: the server cuts the connection',
    serve: () => serve((socket) => {
      socket.send('last words');
      setTimeout(() => rawOf(socket).destroy(), 30);
    }),
    client: (port) => followGlobal(port, '/', () => undefined),
  },
  {
    name: 'Node\'s own WebSocket: refused with 403',
    serve: () => serve(() => undefined, { verifyClient: (_info, done) => done(false, 403, 'no') }),
    client: (port) => followGlobal(port, '/', () => undefined),
  },
];

/** For misses: says other things than `dialogue` was recorded to say. */
export const saying = (parts: readonly (string | Buffer)[]) => (port: number): Promise<unknown> => follow(port, '/chat?a=1', dialogue(parts));
