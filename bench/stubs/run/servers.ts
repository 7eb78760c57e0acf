import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { Authority } from '@deja/stubs';
import { MongoClient } from 'mongodb';
import { freePort } from '../../../tests/support/free-port.ts';
import { testMongodb } from '../../../tests/support/mongodb.ts';
import { kafkaMissing, testKafka, type TestKafka } from '../../../tests/support/kafka.ts';
import { testMysql } from '../../../tests/support/mysql.ts';
import { natsMissing, testNats } from '../../../tests/support/nats.ts';
import { testPostgres } from '../../../tests/support/postgres.ts';
import { rabbitMissing, testRabbit, type TestRabbit } from '../../../tests/support/rabbitmq.ts';
import { testRedis } from '../../../tests/support/redis.ts';
import { testRedisCluster, testRedisSentinel } from '../../../tests/support/redis-cluster.ts';
import type { Handler, Servers, Where } from '../scenario.ts';
import { mongodbFront } from './mongodb-front.ts';
import { passOn, startS3 } from './s3.ts';

const HOST = 'localhost';

function where(port: number, scheme = 'http'): Where {
  return { host: HOST, port, url: `${scheme}://${HOST}:${port}` };
}

/** A client that goes away in the middle is part of many a scenario. */
function served(handler: Handler): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => void Promise.resolve(handler(request, response)).catch(() => undefined);
}

/** Servers that take seconds to start: one of each for all scenarios of a set. */
export class LastingServers implements AsyncDisposable {
  #rabbit: Promise<TestRabbit> | undefined;
  #kafka: Promise<TestKafka> | undefined;

  rabbit(): Promise<TestRabbit> {
    if (rabbitMissing !== null) throw new Error(rabbitMissing);
    return (this.#rabbit ??= testRabbit());
  }

  kafka(): Promise<TestKafka> {
    if (kafkaMissing !== null) throw new Error(kafkaMissing);
    return (this.#kafka ??= testKafka());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of [await this.#rabbit, await this.#kafka]) await server?.[Symbol.asyncDispose]();
  }
}

/** Real servers on this machine. Those that `stack` is given end with it. */
export function servers(stack: AsyncDisposableStack, authority: Authority, lasting: LastingServers): Servers {
  const listen = async (server: Server): Promise<number> => {
    const open = new Set<Socket>();
    const secure = server.listenerCount('secureConnection') > 0;
    server.on('connection', (socket: Socket) => open.add(socket.once('close', () => open.delete(socket))));
    if (secure) server.on('tlsClientError', () => undefined);
    server.listen(0, HOST);
    await once(server, 'listening');
    stack.defer(async () => {
      for (const socket of open) socket.destroy();
      await new Promise((done) => server.close(done));
    });
    return (server.address() as AddressInfo).port;
  };
  return {
    http: async (handler) => where(await listen(createHttp(served(handler)))),
    https: async (handler, flaw) => where(await listen(createHttps(authority.certificate([HOST], flaw ?? 'none'), served(handler))), 'https'),
    raw: async (onConnection) => where(await listen(createTcp(onConnection))),
    closed: async () => where(await freePort()),
    silent: async () => {
      // A queue of one that nobody takes from: further attempts are not answered.
      const { openSilentPort } = await import('../../../packages/stubs/src/ports/silent-port.js');
      const { port } = stack.use(await openSilentPort('127.0.0.1', 0));
      return { host: '127.0.0.1', port, url: `http://127.0.0.1:${port}` };
    },
    nameless: async () => ({ host: 'nowhere.invalid', port: 80, url: 'http://nowhere.invalid' }),
    redis: async (options) => {
      const server = await testRedis(options);
      if ('missing' in server) throw new Error(server.missing);
      stack.use(server);
      return { host: '127.0.0.1', port: server.port, url: `redis://127.0.0.1:${server.port}` };
    },
    redisCluster: async () => {
      const [port = 0] = await testRedisCluster(stack);
      return { host: '127.0.0.1', port, url: `redis://127.0.0.1:${port}` };
    },
    redisSentinel: async () => {
      const port = await testRedisSentinel(stack);
      return { host: '127.0.0.1', port, url: `redis://127.0.0.1:${port}` };
    },
    mongodb: async (documents, front) => {
      const server = stack.use(await testMongodb());
      const client = new MongoClient(`mongodb://127.0.0.1:${server.port}/`);
      for (const [name, all] of Object.entries(documents)) await client.db('shop').collection(name).insertMany(all);
      await client.close();
      const port = front === undefined ? server.port : await mongodbFront(stack, server.port, front);
      return { host: '127.0.0.1', port, url: `mongodb://127.0.0.1:${port}/` };
    },
    s3: async ({ objects = {}, https = false, virtualHosts = false, between } = {}) => {
      const { key, cert } = authority.certificate([HOST]);
      const port = await startS3(stack, objects, { virtualHosts, ...(https ? { tls: { key, cert } } : {}) });
      if (!between) return where(port, https ? 'https' : 'http');
      let count = 0;
      return where(await listen(createHttp(served((request, response) => between(request, response, ++count, () => passOn(request, port))))));
    },
    mysql: async (statements, cutAfterMs) => {
      const server = stack.use(await testMysql(statements.join(';\n') || 'SELECT 1', cutAfterMs));
      return { host: '127.0.0.1', port: server.port, url: `mysql://app:app@127.0.0.1:${server.port}/shop` };
    },
    nats: async (options) => {
      if (natsMissing !== null) throw new Error(natsMissing);
      const { port } = stack.use(await testNats(options));
      return { host: '127.0.0.1', port, url: `nats://127.0.0.1:${port}` };
    },
    rabbit: async () => {
      const { port } = await lasting.rabbit();
      return { host: '127.0.0.1', port, url: `amqp://127.0.0.1:${port}` };
    },
    kafka: async () => {
      const { port } = await lasting.kafka();
      return { host: '127.0.0.1', port, url: `127.0.0.1:${port}` };
    },
    defer: (end) => stack.defer(async () => void (await end())),
    postgres: async (statements) => {
      const server = stack.use(await testPostgres(statements.join(';\n')));
      return { host: server.env['PGHOST'] ?? '', port: Number(server.env['PGPORT']), url: `postgres://${server.env['PGUSER'] ?? ''}@${server.env['PGHOST'] ?? ''}:${server.env['PGPORT'] ?? ''}/${server.env['PGDATABASE'] ?? ''}` };
    },
  };
}
