import type { RedisArgument, RedisReply } from '@deja/format';

export type Pair = readonly [RedisArgument, RedisArgument];

/** Elements or members; none where it is something else. */
export function itemsOf(reply: RedisReply): readonly RedisReply[] {
  return 'array' in reply ? reply.array : 'set' in reply ? reply.set : [];
}

/** Those of them that are no lists themselves. */
export function valuesOf(reply: RedisReply): readonly RedisArgument[] {
  return itemsOf(reply).flatMap((item) => valueOf(item) ?? []);
}

/** Fields with their values: a map, a list of both in turn, or one of pairs. */
export function pairsOf(reply: RedisReply): readonly Pair[] {
  if ('map' in reply) return reply.map.flatMap(([name, value]) => pair(name, value));
  const items = itemsOf(reply);
  if (items.some((item) => 'array' in item)) return items.flatMap((item) => pair(itemsOf(item)[0], itemsOf(item)[1]));
  return items.flatMap((item, index) => (index % 2 === 0 ? pair(item, items[index + 1]) : []));
}

function pair(name: RedisReply | undefined, value: RedisReply | undefined): readonly Pair[] {
  const [first, second] = [valueOf(name), valueOf(value)];
  return first === null || second === null ? [] : [[first, second]];
}

/** As it is written in a command; null where there is none. */
export function valueOf(reply: RedisReply | undefined): RedisArgument | null {
  if (reply === undefined) return null;
  if ('bulk' in reply) return reply.bulk;
  if ('base64' in reply) return reply;
  if ('simple' in reply) return reply.simple;
  if ('integer' in reply) return reply.integer;
  return 'double' in reply ? reply.double : null;
}

/** The same for equal arguments. */
export function argumentId(argument: RedisArgument): string {
  return typeof argument === 'string' ? argument : `base64 ${argument.base64}`;
}
