import type { HeaderList, Message } from '@deja/format';
import { differentJson } from '../http/compare-json.js';
import { Ledger, type Difference } from '../ledger.js';
import type { BrokerStubPlan, MessageExchange } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { sameValue } from '../same-value.js';
import { unified } from './unify.js';

/** What a client asked of a stub. */
export interface MessageQuestion {
  readonly operation: string;
  readonly destination: string;
  readonly key?: string | Buffer | null | undefined;
  readonly headers?: HeaderList | undefined;
  /** Only what a client chooses. */
  readonly properties?: Readonly<Record<string, unknown>> | undefined;
  readonly payload?: Buffer | undefined;
}

export type MessageLedger = Ledger<MessageExchange, MessageQuestion>;

export function messageLedger(plans: readonly BrokerStubPlan[], runtime: StubRuntime): MessageLedger {
  return new Ledger(plans.flatMap(({ exchanges }) => exchanges), (exchange, question) => different(exchange, question, runtime), describeExchange, runtime);
}

function different(recorded: MessageExchange, asked: MessageQuestion, runtime: StubRuntime): Difference | null {
  if (recorded.operation !== asked.operation) return { distance: 100, text: `${asked.operation} instead of ${recorded.operation}` };
  const same = (was: string, is: string): boolean => sameValue(unified(was, recorded.destination), unified(is, asked.destination), recorded);
  if (!same(recorded.destination, asked.destination)) return { distance: 50, text: `to ${quote(asked.destination)} instead of ${quote(recorded.destination)}` };
  const key = differentKey(recorded.key, asked.key, same);
  if (key) return { distance: 20, text: key };
  const properties = differentJson(JSON.stringify(recorded.properties ?? {}), JSON.stringify(asked.properties ?? {}), recorded);
  if (properties) return { distance: 10, text: properties.replace('body at', 'properties at') };
  const headers = differentHeaders(recorded.headers ?? [], asked.headers ?? [], same);
  if (headers) return { distance: 5, text: headers };
  const body = differentBody(recorded, asked, runtime);
  return body ? { distance: 1, text: body } : null;
}

function differentKey(recorded: Message['key'], asked: MessageQuestion['key'], same: (was: string, is: string) => boolean): string | null {
  const was = recorded === undefined ? undefined : typeof recorded === 'string' ? recorded : Buffer.from(recorded.base64, 'base64').toString('latin1');
  const is = asked === undefined || asked === null ? undefined : typeof asked === 'string' ? asked : asked.toString(typeof recorded === 'object' ? 'latin1' : 'utf8');
  if (was === is || (was !== undefined && is !== undefined && same(was, is))) return null;
  return `key ${is === undefined ? 'nothing' : quote(is)} instead of ${was === undefined ? 'nothing' : quote(was)}`;
}

function differentHeaders(recorded: HeaderList, asked: HeaderList, same: (was: string, is: string) => boolean): string | null {
  for (let index = 0; index < Math.max(recorded.length, asked.length); index++) {
    const [was, is] = [recorded[index], asked[index]];
    if (was === undefined) return `header ${is?.[0] ?? ''} was not sent`;
    if (is === undefined) return `header ${was[0]} is missing`;
    if (was[0] !== is[0]) return `header ${is[0]} instead of ${was[0]}`;
    if (!same(was[1], is[1])) return `header ${was[0]} is ${quote(is[1])} instead of ${quote(was[1])}`;
  }
  return null;
}

function differentBody(recorded: MessageExchange, asked: MessageQuestion, runtime: StubRuntime): string | null {
  const was = runtime.bytes(recorded.body);
  const is = asked.payload ?? Buffer.alloc(0);
  const cut = recorded.body?.truncated ?? 0;
  if (cut > 0) return is.length === was.length + cut && is.subarray(0, was.length).equals(was) ? null : `body of ${is.length} bytes is another one`;
  if (was.equals(is)) return null;
  const [before, now] = [unified(was.toString(), recorded.destination), unified(is.toString(), asked.destination)];
  const json = differentJson(before, now, recorded);
  if (json !== undefined) return json;
  return sameValue(before, now, recorded) ? null : `body ${quote(now)} instead of ${quote(before)}`;
}

function describeExchange({ operation, destination, key, body }: MessageExchange): string {
  return describe(operation, destination, typeof key === 'string' ? key : undefined, body && 'text' in body ? body.text : undefined);
}

/** On one line: `publish orders.new {"id":1}`. */
export function describeQuestion({ operation, destination, key, payload }: MessageQuestion): string {
  return describe(operation, destination, key?.toString(), payload && payload.length > 0 ? payload.toString() : undefined);
}

function describe(operation: string, destination: string, key: string | undefined, body: string | undefined): string {
  const line = [operation, destination, key, body].filter((part) => part !== undefined && part !== '').join(' ');
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
