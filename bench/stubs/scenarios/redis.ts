import type { Socket } from 'node:net';
import type { Scenario, Servers, Where } from '../scenario.ts';
import { outcomeOf, pause, timingClass, WAIT_MS } from '../seen.ts';
import { type Connection, REDIS_CLIENTS, type RedisClient, type Wanted } from './redis-clients.ts';

interface Behaviour {
  readonly name: string;
  readonly serve: Scenario['serve'];
  readonly ask: (client: RedisClient, at: Where) => Promise<unknown>;
}

/** `asking` says when it begins in earnest: how long connecting takes depends on the machine. */
async function timed(asking: (begins: () => void) => Promise<unknown>): Promise<unknown> {
  let began = performance.now();
  const outcome = await outcomeOf(() => asking(() => (began = performance.now())));
  return { ...(outcome as object), took: timingClass(performance.now() - began) };
}

/** What a connection to a server with nothing in it shows. */
function session(name: string, use: (connection: Connection, another: () => Promise<Connection>) => Promise<unknown>, wanted: Wanted = {}, serve: Scenario['serve'] = ({ redis }) => redis()): Behaviour {
  return {
    name, serve,
    ask: (client, at) =>
      timed(async (begins) => {
        const open: Connection[] = [];
        const connect = async (): Promise<Connection> => {
          const connection = await client.connect(at, wanted);
          open.push(connection);
          return connection;
        };
        try {
          const first = await connect();
          begins();
          return await use(first, connect);
        } finally {
          for (const one of open) one.close();
        }
      }),
  };
}

/** One command after the other, and what came of each. */
function commands(name: string, ...all: readonly string[]): Behaviour {
  return session(name, async (connection) => {
    const seen: unknown[] = [];
    for (const one of all) seen.push(await outcomeOf(() => connection.send(...words(one))));
    return seen;
  });
}

/** Words are separated by spaces; `_` within one stands for a space. */
const words = (text: string): readonly string[] => text.split(' ').map((one) => one.replaceAll('_', ' '));

/** What sets a connection up, and what is said to it. */
const HELLO = '$6\r\nserver\r\n$5\r\nredis\r\n';
const SET_UP: Readonly<Record<string, string>> = { hello: `*2\r\n${HELLO}`, 'hello 3': `%1\r\n${HELLO}`, info: '$15\r\nredis_version:7\r\n', client: '+OK\r\n', select: '+OK\r\n' };

/** A server that says this to every command but those that set a connection up. */
function saying(reply: string | ((socket: Socket, command: string) => void)): (servers: Servers) => Promise<Where> {
  return ({ raw }) =>
    raw((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        for (const command of bytes.toString().split(/(?=\*\d+\r\n)/)) {
          const [, , name = '', , argument] = command.toLowerCase().split('\r\n');
          const setUp = SET_UP[`${name} ${argument}`] ?? SET_UP[name];
          if (setUp !== undefined) socket.write(setUp);
          else if (typeof reply === 'string') socket.write(reply);
          else reply(socket, command);
        }
      });
    });
}

/** A server with a password. */
const secret = ({ redis }: Servers): Promise<Where> => redis(['--requirepass', 'secret']);

const TYPES: Readonly<Record<string, string>> = {
  map: '%2\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n*1\r\n:2\r\n', set: '~2\r\n$1\r\na\r\n$1\r\nb\r\n', double: ',1.25\r\n', true: '#t\r\n', null: '_\r\n',
  verbatim: '=7\r\ntxt:abc\r\n', error: '!8\r\nERR a\r\nb\r\n',
};

/** JSON knows no big numbers. */
function shown(value: unknown): unknown {
  return typeof value === 'bigint' ? { big: String(value) } : value;
}

const one = (connection: Connection): Promise<unknown> => connection.send('GET', 'a');

const DATA: readonly Behaviour[] = [
  commands('strings', 'SET a 1', 'GET a', 'GET none', 'INCR a', 'APPEND a x', 'INCR a', 'GETRANGE a 0 0', 'STRLEN a', 'MSET b 1 c 2', 'MGET a b none c'),
  commands('hashes', 'HSET h name Ann age 7', 'HGET h name', 'HGETALL h', 'HMGET h age none', 'HINCRBYFLOAT h age 0.5', 'HDEL h name', 'HLEN h'),
  commands('lists', 'RPUSH l a b c', 'LRANGE l 0 -1', 'LPOP l', 'LINDEX l 9', 'LREM l 0 b', 'LMOVE l l2 LEFT RIGHT'),
  commands('sets and scores', 'SADD s a', 'SISMEMBER s a', 'SMEMBERS s', 'ZADD z 1.5 a 2 b', 'ZRANGE z 0 -1 WITHSCORES', 'ZSCORE z a', 'ZSCORE z none', 'ZRANK z b'),
  commands('times to live', 'SET a 1 EX 100', 'PERSIST a', 'TTL a', 'TTL none', 'EXPIRE none 5', 'SET a 2 NX', 'SET a 3 XX GET'),
  commands('streams', 'XADD st 1-1 name Ann', 'XADD st 1-1 name Ann', 'XLEN st', 'XRANGE st - +', 'XREAD COUNT 1 STREAMS st 0'),
  commands('errors of data', 'SET a text', 'LPUSH a 1', 'INCR a', 'HGET a f', 'GET', 'NOSUCHCOMMAND a', 'EXPIRE a soon'),
  commands('scripts', 'EVAL return_{KEYS[1],ARGV[1],1} 1 k v', 'EVAL return_redis.call("INCR",KEYS[1]) 1 n', 'EVALSHA ffffffffffffffffffffffffffffffffffffffff 0', 'EVAL return_redis.error_reply("MY_own") 0', 'EVAL return_{ok="FINE"} 0'),
  commands('scanning', 'SET key:1 a', 'SCAN 0 MATCH key:* COUNT 100', 'KEYS none*', 'EXISTS key:1 none', 'TYPE key:1', 'DEL key:1 none', 'RENAME none other'),
  session('a value of 500 KB', async (connection) => [await connection.send('SET', 'large', 'abcd'.repeat(125_000)), String(await connection.send('GET', 'large')).length]),
  session('texts of all kinds', async (connection) => [await connection.send('SET', 'ü ß\r\n', '💥 \0 "\''), await connection.send('GET', 'ü ß\r\n')]),
  session('another database', async (connection) => [await connection.send('SET', 'a', '1'), await connection.send('SELECT', '1'), await connection.send('GET', 'a'), await connection.send('DBSIZE')]),
];

const TOGETHER: readonly Behaviour[] = [
  session('a pipeline', (connection) => connection.pipeline([['SET', 'a', '1'], ['INCR', 'a'], ['GET', 'a']])),
  session('a pipeline with an error in it', (connection) => connection.pipeline([['SET', 'a', 'x'], ['INCR', 'a'], ['GET', 'a']])),
  session('commands at once', (connection) => Promise.all(Array.from({ length: 20 }, (_, index) => connection.send('INCRBY', 'n', String(index))))),
  session('a transaction', (connection) => connection.transaction([['SET', 'a', '1'], ['INCR', 'a'], ['HSET', 'h', 'f', 'v']])),
  session('a transaction with a command that fails', async (connection) => outcomeOf(() => connection.transaction([['SET', 'a', 'x'], ['INCR', 'a'], ['GET', 'a']]))),
  session('a transaction that is not accepted', async (connection) => outcomeOf(() => connection.transaction([['SET', 'a', '1'], ['GET']]))),
  session('a watched key that another changes', async (connection, another) => {
    await connection.send('WATCH', 'a');
    await (await another()).send('SET', 'a', 'changed');
    return outcomeOf(() => connection.transaction([['SET', 'a', 'mine']]));
  }),
];

const WAITING: readonly Behaviour[] = [
  session('waiting for an element that never comes', (connection) => connection.send('BLPOP', 'queue', '0.5')),
  session('waiting for an element that another brings', async (connection, another) => {
    const waiting = connection.send('BRPOP', 'queue', '5');
    const other = await another();
    await pause(100);
    return [await other.send('LPUSH', 'queue', 'job'), await waiting];
  }),
  session('messages of a channel', async (connection, another) => {
    const messages: string[] = [];
    await connection.subscribe('news', (message) => messages.push(message));
    const other = await another();
    const reached = [await other.send('PUBLISH', 'news', 'one'), await other.send('PUBLISH', 'else', 'no'), await other.send('PUBLISH', 'news', 'two')];
    await pause(100);
    return { reached, messages };
  }),
  session('messages of a pattern', async (connection, another) => {
    const messages: string[] = [];
    await connection.subscribePattern('news.*', (message) => messages.push(message));
    const other = await another();
    for (const [channel, text] of [['news.a', 'one'], ['else', 'no'], ['news.b', 'two \u00fc']] as const) await other.send('PUBLISH', channel, text);
    await pause(100);
    return messages;
  }),
  session('messages of a shard', async (connection, another) => {
    const messages: string[] = [];
    await connection.subscribeShard('news', (message) => messages.push(message));
    await (await another()).send('SPUBLISH', 'news', 'one');
    await pause(100);
    return messages;
  }),
  session('messages until nobody listens any more', async (connection, another) => {
    const messages: string[] = [];
    await connection.subscribe('news', (message) => messages.push(message));
    const other = await another();
    await other.send('PUBLISH', 'news', 'one');
    await pause(100);
    await connection.unsubscribe('news');
    const reached = await other.send('PUBLISH', 'news', 'two');
    return [reached, messages, await connection.send('SET', 'a', '1')];
  }),
  session('messages that take their time, and what is asked between them', async (connection, another) => {
    const seen: unknown[] = [];
    await connection.subscribe('jobs', (message) => seen.push(message));
    const other = await another();
    for (const text of ['one', 'two', 'three']) {
      await pause(60);
      await other.send('PUBLISH', 'jobs', text);
      await pause(60);
      seen.push(await other.send('INCR', 'n'));
    }
    return seen;
  }),
  session('messages after a lost connection', async (connection, another) => {
    const messages: string[] = [];
    await connection.subscribe('news', (message) => messages.push(message));
    const other = await another();
    await other.send('PUBLISH', 'news', 'one');
    await pause(100);
    await other.send('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await pause();
    const reached = await other.send('PUBLISH', 'news', 'two');
    await pause(100);
    return { reached, messages };
  }, { retry: true }),
  session('waiting for an entry of a stream', async (connection, another) => {
    const waiting = connection.send('XREAD', 'BLOCK', '5000', 'STREAMS', 'st', '$');
    const other = await another();
    await pause(100);
    return [await other.send('XADD', 'st', '5-1', 'name', 'Ann'), await waiting, await other.send('XREAD', 'BLOCK', '20', 'STREAMS', 'st', '$')];
  }),
  session('waiting for replicas that are not there', (connection) => connection.send('WAIT', '1', '450')),
  session('several that wait for one element', async (connection, another) => {
    const [second, other] = [await another(), await another()];
    const waiting = [outcomeOf(() => connection.send('BLPOP', 'queue', '0.6')), pause(60).then(() => outcomeOf(() => second.send('BLPOP', 'queue', '0.6')))];
    await pause(150);
    return [await other.send('RPUSH', 'queue', 'job'), ...(await Promise.all(waiting))];
  }),
];

const FAILURES: readonly Behaviour[] = [
  session('nothing listens', one, {}, ({ closed }) => closed()),
  session('a password that is missing', async (connection) => [await connection.send('CONFIG', 'SET', 'requirepass', 'secret')]),
  session('a password that is wrong', one, { password: 'wrong' }, secret),
  session('no password where one is wanted', one, {}, secret),
  session('a password', one, { password: 'secret' }, secret),
  commands('what a user may not do', 'ACL SETUSER default -set', 'SET a 1', 'GET a'),
  commands('a script that is not known, and then is', 'EVALSHA 9b8d1dd2d9e4a3b2d4c3c2ee0dd5bd8a70a25a3a 0', 'EVAL return_redis.call("PING") 0', 'SCRIPT LOAD return_1', 'EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0'),
  session('a script that runs too long', async (connection, another) => {
    const other = await another();
    await other.send('CONFIG', 'SET', 'busy-reply-threshold', '100');
    const running = outcomeOf(() => connection.send('EVAL', 'while true do end', '0'));
    await pause();
    return [await outcomeOf(() => other.send('GET', 'a')), await other.send('SCRIPT', 'KILL'), await running];
  }),
  session('a connection that is killed between two commands', async (connection, another) => {
    const seen = [await connection.send('SET', 'a', '1')];
    await (await another()).send('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await pause();
    return [...seen, await outcomeOf(() => connection.send('GET', 'a'))];
  }, { retry: true }),
  session('a connection that ends amid a pipeline', (connection) => outcomeOf(() => connection.pipeline([['GET', 'a'], ['GET', 'b'], ['GET', 'c']])), {}, saying((socket, command) => (command.includes('\r\nb\r\n') ? socket.end() : socket.write('$1\r\nx\r\n')))),
  session('a transaction whose connection ends', (connection) => outcomeOf(() => connection.transaction([['SET', 'a', '1'], ['INCR', 'a']])), {}, saying((socket, command) => (/\r\nexec\r\n/i.test(command) ? socket.end() : socket.write(/\r\nmulti\r\n/i.test(command) ? '+OK\r\n' : '+QUEUED\r\n')))),
  session('no memory left', async (connection) => [await connection.send('CONFIG', 'SET', 'maxmemory', '1'), await outcomeOf(() => connection.send('SET', 'a', '1'))]),
  session('a server that is loading', one, {}, saying('-LOADING Redis is loading the dataset in memory\r\n')),
  session('a replica', (connection) => connection.send('SET', 'a', '1'), {}, saying("-READONLY You can't write against a read only replica.\r\n")),
  session('another node of a cluster', one, {}, saying('-MOVED 3999 127.0.0.1:6381\r\n')),
  session('a cluster that is down', one, {}, saying('-CLUSTERDOWN Hash slot not served\r\n')),
  session('a script that is running', one, {}, saying('-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n')),
  session('never an answer', one, { commandTimeoutMs: WAIT_MS }, saying(() => undefined)),
  session('an answer that takes its time', one, {}, saying((socket) => void setTimeout(() => socket.write('$4\r\nslow\r\n'), WAIT_MS))),
  session('an end instead of an answer', one, {}, saying((socket) => socket.end())),
  session('a reset instead of an answer', one, {}, saying((socket) => socket.resetAndDestroy())),
  session('half an answer', one, {}, saying((socket) => socket.end('$100\r\nonly so much'))),
  session('an answer that is no protocol', one, { commandTimeoutMs: WAIT_MS }, saying('what?\r\n')),
  session('an end, and another try', one, { retry: true }, (servers) => {
    let times = 0;
    return saying((socket) => (++times === 1 ? socket.end() : socket.write('$5\r\nagain\r\n')))(servers);
  }),
  session('one of several commands is never answered', (connection) => Promise.all(['a', 'b', 'c'].map((key) => outcomeOf(() => connection.send('GET', key)))), { commandTimeoutMs: WAIT_MS }, saying((socket, command) => void (command.includes('\r\nc\r\n') || socket.write('$1\r\nx\r\n')))),
];

/** What only RESP3 has. */
const NEW_TYPES: readonly Behaviour[] = [
  session('types of RESP3', async (connection) => {
    const seen: unknown[] = [];
    for (const name of ['map', 'set', 'double', 'true', 'null', 'verbatim', 'error']) seen.push(await outcomeOf(async () => shown(await connection.send('GET', name))));
    return seen;
  }, {}, saying((socket, command) => socket.write(TYPES[command.split('\r\n')[4] ?? ''] ?? ''))),
  session('a big number', async (connection) => shown(await connection.send('GET', 'big')), {}, saying('(1234567999999999999999999999999999999\r\n')),
];

export const scenarios: readonly Scenario[] = REDIS_CLIENTS.flatMap((client) =>
  [...DATA, ...TOGETHER, ...WAITING, ...FAILURES, ...(client.protocol === 3 ? NEW_TYPES : [])].map(({ name, serve, ask }) => ({ name: `${client.name}: ${name}`, serve, ask: (at: Where) => ask(client, at) })),
);
