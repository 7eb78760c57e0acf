import type { RespValue, RespVersion } from '@deja/wire';
import { setsUp } from './set-up.js';

/** What a connection has agreed upon. */
export interface RedisConnectionState {
  readonly version: RespVersion;
  readonly id: number;
  readonly name: string;
  readonly subscribed: boolean;
}

const OK: RespValue = { simple: 'OK' };
/** The version that the protocol's own answers claim, where the recording does not say one. */
const SERVER_VERSION = '7.0.0';

/**
 * Whether a command is part of setting a connection up. Client libraries send these by themselves, once per connection, and a replay may
 * open more connections than were recorded: their recorded answers may repeat, and without one the protocol's own answer is given.
 */
export function isHandshake(name: string): boolean {
  return setsUp(name) || ['SELECT', 'QUIT', 'RESET', 'SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE'].includes(name);
}

/** The answer that follows from the protocol alone. It carries no data of anybody. Null: there is none. */
export function protocolReply(args: readonly string[], state: RedisConnectionState): RespValue | null {
  const name = args[0]?.toUpperCase() ?? '';
  switch (name) {
    case 'HELLO':
      return hello(args[1], state);
    case 'PING':
      if (state.subscribed && state.version === 2) return { array: [{ bulk: 'pong' }, { bulk: args[1] ?? '' }] };
      return args[1] === undefined ? { simple: 'PONG' } : { bulk: args[1] };
    case 'INFO':
      return { bulk: `# Server\r\nredis_version:${SERVER_VERSION}\r\nredis_mode:standalone\r\n# Persistence\r\nloading:0\r\n# Replication\r\nrole:master\r\n` };
    case 'COMMAND':
      return args[1]?.toUpperCase() === 'COUNT' ? { integer: '0' } : { array: [] };
    case 'CLIENT':
      return client(args[1]?.toUpperCase(), state);
    case 'AUTH':
    case 'SELECT':
    case 'QUIT':
    case 'READONLY':
    case 'READWRITE':
    case 'ASKING':
      return OK;
    case 'RESET':
      return { simple: 'RESET' };
    case 'MULTI':
    case 'WATCH':
    case 'UNWATCH':
    case 'DISCARD':
      return OK;
    default:
      return null;
  }
}

/** The version that a `HELLO` asks for; null when it asks for none that exists. */
export function helloVersion(asked: string | undefined, now: RespVersion): RespVersion | null {
  if (asked === undefined) return now;
  return asked === '2' ? 2 : asked === '3' ? 3 : null;
}

function hello(asked: string | undefined, state: RedisConnectionState): RespValue {
  const version = helloVersion(asked, state.version);
  if (version === null) return { error: 'NOPROTO unsupported protocol version' };
  const pairs: readonly (readonly [string, RespValue])[] = [
    ['server', { bulk: 'redis' }],
    ['version', { bulk: SERVER_VERSION }],
    ['proto', { integer: String(version) }],
    ['id', { integer: String(state.id) }],
    ['mode', { bulk: 'standalone' }],
    ['role', { bulk: 'master' }],
    ['modules', { array: [] }],
  ];
  return { map: pairs.map(([key, value]) => [{ bulk: key }, value] as const) };
}

function client(command: string | undefined, state: RedisConnectionState): RespValue {
  if (command === 'ID') return { integer: String(state.id) };
  if (command === 'GETNAME') return state.name === '' ? { null: true } : { bulk: state.name };
  return OK;
}
