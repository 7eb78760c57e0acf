import { Redis } from 'ioredis';
import { createClient } from 'redis';
import type { Where } from '../scenario.ts';

type Words = readonly string[];

/** A connection as a library gives it. */
export interface Connection {
  readonly send: (...words: Words) => Promise<unknown>;
  /** Commands that are sent together, and what came of each. */
  readonly pipeline: (commands: readonly Words[]) => Promise<unknown>;
  readonly transaction: (commands: readonly Words[]) => Promise<unknown>;
  readonly subscribe: (channel: string, onMessage: (message: string) => void) => Promise<unknown>;
  readonly subscribePattern: (pattern: string, onMessage: (message: string) => void) => Promise<unknown>;
  readonly subscribeShard: (channel: string, onMessage: (message: string) => void) => Promise<unknown>;
  readonly unsubscribe: (channel: string) => Promise<unknown>;
  readonly close: () => void;
}

export interface Wanted {
  readonly commandTimeoutMs?: number;
  readonly password?: string;
  /** Try again where a connection ended. */
  readonly retry?: boolean;
}

export interface RedisClient {
  readonly name: string;
  readonly protocol: 2 | 3;
  readonly connect: (at: Where, wanted?: Wanted) => Promise<Connection>;
}

function each(results: readonly (readonly [Error | null, unknown])[] | null): unknown {
  return results?.map(([error, value]) => (error ? { error: error.message } : value)) ?? null;
}

/** As its methods are called. */
function lowerCase([command = '', ...rest]: Words): string[] {
  return [command.toLowerCase(), ...rest];
}

const ioredis: RedisClient = {
  name: 'ioredis',
  protocol: 2,
  connect: async ({ host, port }, { commandTimeoutMs, password, retry } = {}) => {
    const client = new Redis({
      host, port, lazyConnect: true, maxRetriesPerRequest: retry === true ? 3 : 0, retryStrategy: () => (retry === true ? 20 : null),
      ...(commandTimeoutMs === undefined ? {} : { commandTimeout: commandTimeoutMs }), ...(password === undefined ? {} : { password }),
    });
    client.on('error', () => undefined);
    await client.connect();
    return {
      send: (...[command = '', ...rest]) => client.call(command, ...rest),
      pipeline: async (commands) => each(await client.pipeline(commands.map(lowerCase)).exec()),
      transaction: async (commands) => each(await client.multi(commands.map(lowerCase)).exec()),
      subscribe: (channel, onMessage) => {
        client.on('message', (from: string, message: string) => onMessage(`${from}: ${message}`));
        return client.subscribe(channel);
      },
      subscribePattern: (pattern, onMessage) => {
        client.on('pmessage', (by: string, from: string, message: string) => onMessage(`${by} ${from}: ${message}`));
        return client.psubscribe(pattern);
      },
      subscribeShard: (channel, onMessage) => {
        client.on('smessage', (from: string, message: string) => onMessage(`${from}: ${message}`));
        return client.ssubscribe(channel);
      },
      unsubscribe: (channel) => client.unsubscribe(channel),
      close: () => client.disconnect(),
    };
  },
};

function nodeRedis(protocol: 2 | 3): RedisClient {
  return {
    name: `node-redis, RESP${protocol}`,
    protocol,
    connect: async ({ host, port }, { commandTimeoutMs, password, retry } = {}) => {
      const client = createClient({
        RESP: protocol, ...(password === undefined ? {} : { password }),
        // Its time-out of commands ends when they are written; that of the connection does not.
        socket: { host, port, reconnectStrategy: retry === true ? () => 20 : false, ...(commandTimeoutMs === undefined ? {} : { socketTimeout: commandTimeoutMs }) },
      });
      client.on('error', () => undefined);
      await client.connect();
      const queued = (commands: readonly Words[]): ReturnType<typeof client.multi> => commands.reduce((multi, one) => multi.addCommand([...one]), client.multi());
      return {
        send: (...words) => client.sendCommand(words),
        pipeline: async (commands) => (await Promise.allSettled(commands.map((one) => client.sendCommand(one)))).map((one) => (one.status === 'fulfilled' ? one.value : { error: (one.reason as Error).message })),
        transaction: (commands) => queued(commands).exec(),
        subscribe: (channel, onMessage) => client.subscribe(channel, (message, from) => onMessage(`${from}: ${message}`)),
        subscribePattern: (pattern, onMessage) => client.pSubscribe(pattern, (message, from) => onMessage(`${pattern} ${from}: ${message}`)),
        subscribeShard: (channel, onMessage) => client.sSubscribe(channel, (message, from) => onMessage(`${from}: ${message}`)),
        unsubscribe: (channel) => client.unsubscribe(channel),
        close: () => client.destroy(),
      };
    },
  };
}

export const REDIS_CLIENTS: readonly RedisClient[] = [ioredis, nodeRedis(2), nodeRedis(3)];
