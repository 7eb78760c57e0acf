import type { HeaderList, Message } from '@deja/format';
import type { Packing } from '../../core/recorder.js';

/** A message by reference, as a client library has it. */
export interface RawMessage {
  readonly destination: string;
  readonly key?: Uint8Array | string | null | undefined;
  /** Called only when a failure is packaged. */
  readonly headers?: (() => HeaderList) | undefined;
  readonly properties?: Readonly<Record<string, unknown>> | undefined;
  readonly body?: Uint8Array | string | null | undefined;
}

const OVERHEAD = 300;
const CONTENT_TYPE = /^content[-_]?type$/i;

/** Bytes that it keeps alive, roughly. */
export function sizeOf({ body, key }: RawMessage): number {
  return OVERHEAD + (body?.length ?? 0) + (key?.length ?? 0);
}

export function packMessage({ destination, key, headers, properties, body }: RawMessage, pack: Packing): Message {
  const list = headers?.().map(([name, value]) => [name, pack.redact(name, value)] as const) ?? [];
  const contentType = list.find(([name]) => CONTENT_TYPE.test(name))?.[1] ?? properties?.['contentType'];
  const plain = plainObject(properties ?? {}, pack);
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return {
    destination,
    ...(key === undefined || key === null ? {} : { key: keyOf(key) }),
    ...(list.length === 0 ? {} : { headers: list }),
    ...(Object.keys(plain).length === 0 ? {} : { properties: plain }),
    ...(bytes && bytes.length > 0 ? { body: pack.body([bytes], typeof contentType === 'string' ? contentType : undefined) } : {}),
  };
}

function keyOf(key: Uint8Array | string): NonNullable<Message['key']> {
  if (typeof key === 'string') return key;
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : { base64: bytes.toString('base64') };
}

/** What JSON cannot say of a property: bytes are `{"$bytes": base64}`; what is not set is left out. */
export function plainObject(value: object, pack: Packing): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value).flatMap(([name, one]: [string, unknown]) => (one === undefined || typeof one === 'function' ? [] : [[name, plain(one, name, pack)]])));
}

function plain(value: unknown, name: string, pack: Packing): unknown {
  if (typeof value === 'string') return pack.redact(name, value);
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
  if (Array.isArray(value)) return value.map((one) => plain(one, name, pack));
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'object' && value !== null ? plainObject(value, pack) : value;
}
