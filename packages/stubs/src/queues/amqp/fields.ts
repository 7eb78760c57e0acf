import type { AmqpMethodName, AmqpTable } from '@deja/wire';
import type { MessageQuestion } from '../match.js';

/** Where a question goes to, by the beginning of its name. */
const DESTINATION: Readonly<Record<string, string>> = { exchange: 'exchange', queue: 'queue', basic: 'queue' };
const LEFT_OUT = new Set(['ticket', 'nowait', 'immediate']);

/** What a method of a client asks, as events have it: what is empty or off is as if it were not there. */
export function questionOf(name: AmqpMethodName, fields: AmqpTable): MessageQuestion {
  const [, method = ''] = name.split('.');
  if (method === 'ack' || method === 'nack' || method === 'reject') return { operation: method, destination: '', properties: chosen(fields, '') };
  const place = name === 'exchange.bind' || name === 'exchange.unbind' ? 'destination' : (DESTINATION[name.split('.')[0] ?? ''] ?? 'queue');
  return { operation: name, destination: textOf(fields[place]), properties: chosen(fields, place) };
}

export function publishingOf(fields: AmqpTable, properties: AmqpTable, payload: Buffer): MessageQuestion {
  return {
    operation: 'publish',
    destination: textOf(fields['exchange']),
    key: textOf(fields['routingKey']),
    properties: chosen({ ...properties, mandatory: fields['mandatory'] }, ''),
    payload,
  };
}

function chosen(fields: AmqpTable, destination: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => name !== destination && !LEFT_OUT.has(name) && !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '' || value === 0) return true;
  return typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0;
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
