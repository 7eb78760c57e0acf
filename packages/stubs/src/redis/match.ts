import type { RedisArgument } from '@deja/format';
import type { Difference } from '../ledger.js';
import type { RedisExchange } from '../plan.js';
import { sameValue } from '../same-value.js';

/** A command as it arrived at a stub. */
export interface RedisQuestion {
  readonly args: readonly Buffer[];
}

/** The first difference between a recorded command and one that arrived, or null when they ask the same. */
export function differentCommand(recorded: RedisExchange, asked: RedisQuestion): Difference | null {
  const [before, now] = [recorded.command, asked.args];
  const name = argumentText(before[0] ?? '').toUpperCase();
  const askedName = (now[0]?.toString() ?? '').toUpperCase();
  if (name !== askedName) return { distance: 100 + (before[1] !== undefined && now[1] && same(before[1], now[1], recorded) ? 0 : 1), text: `command ${askedName} instead of ${name}` };
  // What kind of address it wants to hear of, the client decides by the address it was given.
  if (name === 'CLIENT' && argumentText(before[1] ?? '').toUpperCase() === 'MAINT_NOTIFICATIONS' && now[1]?.toString().toUpperCase() === 'MAINT_NOTIFICATIONS') return null;
  let different: { readonly at: number; readonly text: string } | undefined;
  let count = 0;
  for (let index = 1; index < Math.max(before.length, now.length); index++) {
    const [recordedArgument, askedArgument] = [before[index], now[index]];
    if (recordedArgument !== undefined && askedArgument && same(recordedArgument, askedArgument, recorded)) continue;
    count++;
    if (different) continue;
    const [was, is] = [recordedArgument === undefined ? 'nothing' : quote(argumentText(recordedArgument)), askedArgument ? quote(askedArgument.toString()) : 'nothing'];
    different = { at: index, text: `argument ${index}: ${is} instead of ${was}` };
  }
  return different ? { distance: count + (different.at === 1 ? 1 : 0), text: different.text } : null;
}

export function describeCommand(args: readonly (RedisArgument | Buffer)[]): string {
  const words = args.map((arg) => (Buffer.isBuffer(arg) ? arg.toString() : argumentText(arg)));
  const line = words.map((word) => (/^[\x21-\x7e]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

function same(recorded: RedisArgument, asked: Buffer, exchange: RedisExchange): boolean {
  if (typeof recorded === 'string') return sameValue(recorded, asked.toString(), exchange);
  return Buffer.from(recorded.base64, 'base64').equals(asked);
}

/** An argument as text; bytes that are none come out changed. */
export function argumentText(argument: RedisArgument): string {
  return typeof argument === 'string' ? argument : Buffer.from(argument.base64, 'base64').toString();
}

export function argumentBytes(argument: RedisArgument): Buffer {
  return typeof argument === 'string' ? Buffer.from(argument) : Buffer.from(argument.base64, 'base64');
}

function quote(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
}
