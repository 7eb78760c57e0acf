import type { RedisArgument } from '@deja/format';

const COMMANDS = new Set(['HELLO', 'AUTH', 'CLIENT', 'INFO', 'PING', 'COMMAND', 'READONLY', 'READWRITE', 'ASKING', 'ROLE', 'CLUSTER', 'SENTINEL']);

/** Whether client libraries send this command by themselves, to set a connection up or to find out where servers are. `name` in capitals. */
export function setsUp(name: string): boolean {
  return COMMANDS.has(name);
}

/** The same of a recorded command. */
export function setsRedisUp([name]: readonly RedisArgument[]): boolean {
  return typeof name === 'string' && setsUp(name.toUpperCase());
}
