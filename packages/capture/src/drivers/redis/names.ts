const PAIRS_AFTER_KEY = new Set(['hset', 'hmset', 'hsetnx']);
const PAIRS = new Set(['mset', 'msetnx']);
const FIELDS = new Set(['hmget', 'hget', 'hgetdel', 'hgetex']);
const SECRETS = new Set(['auth', 'hello']);

/**
 * What an argument of a command is called, for redaction: the field or key it is the value of. Index 0 is the command itself.
 * Keys, fields and options have no name of their own.
 */
export function argumentName(args: readonly string[], index: number): string {
  const command = args[0]?.toLowerCase() ?? '';
  if (index === 0) return '';
  if (SECRETS.has(command)) return command === 'auth' || args[index - 2]?.toLowerCase() === 'auth' || args[index - 1]?.toLowerCase() === 'auth' ? 'password' : '';
  if (command === 'config' && args[index - 1]?.toLowerCase().endsWith('pass')) return 'password';
  if (PAIRS_AFTER_KEY.has(command)) return index >= 3 && index % 2 === 1 ? (args[index - 1] ?? '') : '';
  if (PAIRS.has(command)) return index % 2 === 0 ? (args[index - 1] ?? '') : '';
  return index >= 2 ? (args[1] ?? '') : '';
}

/** What a value inside the reply to a command is called. */
export function replyName(args: readonly string[], path: readonly (string | number)[]): string {
  const command = args[0]?.toLowerCase() ?? '';
  const last = path.at(-1);
  if (typeof last === 'string') return last;
  if (FIELDS.has(command)) return args[2 + (typeof last === 'number' ? last : 0)] ?? '';
  if (command === 'mget') return args[1 + (typeof last === 'number' ? last : 0)] ?? '';
  return args[1] ?? '';
}
