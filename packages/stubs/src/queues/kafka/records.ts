import type { Message, MessageTrigger } from '@deja/format';
import type { KafkaRecord } from '@deja/wire';
import type { StubRuntime } from '../../runtime.js';

/** A recorded message, and those that came with it, as records at their recorded offsets. */
export function recordsOf(message: MessageTrigger, runtime: StubRuntime): readonly KafkaRecord[] {
  return [message, ...(message.batch ?? [])].map((one) => recordOf(one, runtime));
}

function recordOf({ key, headers = [], properties, body }: Message, runtime: StubRuntime): KafkaRecord {
  return {
    offset: integerOf(properties?.['offset']),
    timestamp: integerOf(properties?.['timestamp']),
    key: key === undefined ? null : typeof key === 'string' ? Buffer.from(key) : Buffer.from(key.base64, 'base64'),
    value: properties?.['empty'] === true ? null : runtime.bytes(body),
    headers: headers.map(([name, value]) => [name, Buffer.from(value)] as const),
  };
}

function integerOf(value: unknown): bigint {
  return typeof value === 'string' && /^-?\d+$/.test(value) ? BigInt(value) : 0n;
}
