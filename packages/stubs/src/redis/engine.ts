import { connect, type Socket } from 'node:net';
import { encodeCommand, RespReplySplitter, type RespVersion } from '@deja/wire';

const READS = new Set(
  `GET MGET STRLEN GETRANGE EXISTS TYPE TTL PTTL EXPIRETIME KEYS SCAN DBSIZE RANDOMKEY HGET HMGET HGETALL HKEYS HVALS HLEN HEXISTS HSTRLEN HSCAN LRANGE LLEN LINDEX LPOS SMEMBERS SISMEMBER SMISMEMBER SCARD
  SRANDMEMBER SSCAN SINTER SUNION SDIFF ZRANGE ZREVRANGE ZRANGEBYSCORE ZREVRANGEBYSCORE ZRANGEBYLEX ZSCORE ZMSCORE ZCARD ZCOUNT ZRANK ZREVRANK ZSCAN XRANGE XREVRANGE XLEN XINFO BITCOUNT GETBIT PFCOUNT
  GEOPOS GEODIST GEOSEARCH OBJECT DUMP MEMORY TIME ECHO`.split(/\s+/),
);
/** What concerns data, and whose answer comes at once. */
const OTHER_DATA = new Set(
  `SET SETNX SETEX PSETEX GETSET GETDEL GETEX APPEND SETRANGE INCR INCRBY INCRBYFLOAT DECR DECRBY MSET MSETNX DEL UNLINK EXPIRE PEXPIRE EXPIREAT PEXPIREAT PERSIST RENAME RENAMENX COPY TOUCH FLUSHDB FLUSHALL
  HSET HSETNX HMSET HDEL HINCRBY HINCRBYFLOAT LPUSH LPUSHX RPUSH RPUSHX LPOP RPOP LREM LSET LTRIM LINSERT LMOVE RPOPLPUSH SADD SREM SPOP SMOVE SINTERSTORE SUNIONSTORE SDIFFSTORE ZADD ZREM ZINCRBY ZPOPMIN
  ZPOPMAX ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREMRANGEBYLEX ZRANGESTORE ZUNIONSTORE ZINTERSTORE XADD XDEL XTRIM SETBIT BITOP PFADD PFMERGE GEOADD EVAL EVALSHA SCRIPT`.split(/\s+/),
);

/** The keys of a fixture in a real server, and what this run has made of them. */
export interface EngineKeys {
  /** The server's Unix socket. */
  readonly path: string;
  /** Arguments of commands that the recording does not know and that changed something: what was recorded about these keys holds no more. */
  readonly changed: Set<string>;
}

/** One client's connection to the real server behind a stub. */
export class Engine {
  readonly #keys: EngineKeys;
  readonly #splitter = new RespReplySplitter();
  readonly #waiting: ((reply: Buffer) => void)[] = [];
  #socket: Socket | undefined;
  #version: RespVersion = 2;

  constructor(keys: EngineKeys) {
    this.#keys = keys;
  }

  /** Whether it can answer such a command. `name` in capitals. */
  answers(name: string): boolean {
    return READS.has(name) || OTHER_DATA.has(name);
  }

  /** Whether the recorded answer to this may be wrong by now. */
  knowsBetter(args: readonly Buffer[]): boolean {
    return this.#keys.changed.size > 0 && args.slice(1).some((arg) => this.#keys.changed.has(arg.toString('latin1')));
  }

  /** The bytes of its reply to what was not recorded. */
  ask(name: string, args: readonly Buffer[], version: RespVersion): Promise<Buffer> {
    if (!READS.has(name)) for (const arg of args.slice(1)) this.#keys.changed.add(arg.toString('latin1'));
    return this.#send(args, version);
  }

  /** The same change as the recorded server made. */
  repeat(name: string, args: readonly (Uint8Array | string)[]): void {
    if (OTHER_DATA.has(name) || name === 'SELECT') void this.#send(args, this.#version);
  }

  end(): void {
    this.#socket?.destroy();
  }

  async #send(args: readonly (Uint8Array | string)[], version: RespVersion): Promise<Buffer> {
    this.#socket ??= this.#open();
    if (version !== this.#version) {
      this.#version = version;
      void this.#send(['HELLO', String(version)], version);
    }
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#socket?.write(encodeCommand(args));
    });
  }

  #open(): Socket {
    const socket = connect(this.#keys.path);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      for (const reply of this.#splitter.push(chunk)) this.#waiting.shift()?.(reply);
    });
    socket.on('close', () => {
      for (const resolve of this.#waiting.splice(0)) resolve(Buffer.from('-DEJA the server with the keys of the fixture has ended\r\n'));
    });
    return socket;
  }
}
