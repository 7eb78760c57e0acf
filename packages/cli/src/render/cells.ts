import type { Cell, RedisArgument, RedisReply } from '@deja/format';
import { visible } from './text.js';

/** A value of a database as its own client would show it. */
export function cellText(cell: Cell): string {
  if (cell === null) return 'NULL';
  if (typeof cell === 'string') return visible(cell.replaceAll('\n', '\u21b5'));
  return 'base64' in cell ? `\\x${Buffer.from(cell.base64, 'base64').toString('hex')}` : visible(cell.text);
}

/** As a parameter: text in quotes, so that `'47'` and NULL cannot be mistaken. */
export function parameterText(cell: Cell): string {
  if (cell === null) return 'NULL';
  if (typeof cell === 'string') return /^-?\d{1,18}(\.\d+)?$/.test(cell) ? cell : `'${visible(cell.replaceAll('\n', '\u21b5'))}'`;
  return cellText(cell);
}

export function redisArgument(argument: RedisArgument): string {
  if (typeof argument !== 'string') return `<${Buffer.from(argument.base64, 'base64').length} bytes>`;
  return argument === '' || /\s/.test(argument) ? visible(JSON.stringify(argument)) : visible(argument);
}

/** A reply in the manner of redis-cli. */
export function redisReply(reply: RedisReply): string {
  if ('bulk' in reply) return visible(JSON.stringify(reply.bulk));
  if ('base64' in reply) return `<${Buffer.from(reply.base64, 'base64').length} bytes> ${reply.base64}`;
  if ('simple' in reply) return visible(reply.simple);
  if ('integer' in reply) return `(integer) ${visible(reply.integer)}`;
  if ('double' in reply) return `(double) ${visible(reply.double)}`;
  if ('boolean' in reply) return `(${reply.boolean})`;
  if ('null' in reply) return '(nil)';
  if ('error' in reply) return `(error) ${visible(reply.error)}`;
  if ('bigNumber' in reply) return `(big number) ${visible(reply.bigNumber)}`;
  if ('verbatim' in reply) return visible(JSON.stringify(reply.verbatim));
  if ('map' in reply) return list(reply.map.map(([key, value]) => `${redisReply(key)} => ${redisReply(value)}`));
  return list(('array' in reply ? reply.array : reply.set).map((item) => redisReply(item)));
}

function list(items: readonly string[]): string {
  if (items.length === 0) return '(empty)';
  return items.map((item, index) => `${index + 1}) ${item.replaceAll('\n', '\n   ')}`).join('\n');
}
