import { isIP } from 'node:net';
import { WireError } from '../error.js';

export type DnsType = 'A' | 'AAAA' | 'other';

/** One question; all that resolvers ask in practice. */
export interface DnsQuestion {
  readonly id: number;
  readonly name: string;
  readonly type: DnsType;
  /** As on the wire: the answer repeats it. */
  readonly raw: Buffer;
  readonly recursionDesired: boolean;
}

export type DnsResult = { readonly addresses: readonly string[] } | { readonly failure: 'NXDOMAIN' | 'SERVFAIL' };

const HEADER = 12;
const MAX_LABEL = 63;
const MAX_NAME = 255;
const TYPES: Readonly<Record<number, DnsType>> = { 1: 'A', 28: 'AAAA' };
const FAILURES = { SERVFAIL: 2, NXDOMAIN: 3 } as const;
const TTL_SECONDS = 1;
/** A pointer to the name of the question. */
const NAME_OF_QUESTION = 0xc000 | HEADER;

/** Throws `WireError` when the bytes are no query with one question. */
export function parseDnsQuestion(bytes: Buffer): DnsQuestion {
  if (bytes.length < HEADER) throw new WireError('DNS', 'shorter than its header');
  const flags = bytes.readUInt16BE(2);
  if ((flags & 0x8000) !== 0 || bytes.readUInt16BE(4) !== 1) throw new WireError('DNS', 'not a query with one question');
  const labels: string[] = [];
  let at = HEADER;
  for (let size = bytes[at]; size !== 0; size = bytes[at]) {
    // Compression has nothing to point to before the first name.
    if (size === undefined || size > MAX_LABEL || at + 1 + size > bytes.length || at - HEADER > MAX_NAME) throw new WireError('DNS', 'a name that does not end');
    labels.push(bytes.toString('latin1', at + 1, at + 1 + size));
    at += 1 + size;
  }
  if (at + 5 > bytes.length) throw new WireError('DNS', 'a question without a type');
  return {
    id: bytes.readUInt16BE(0),
    name: labels.join('.').toLowerCase(),
    type: TYPES[bytes.readUInt16BE(at + 1)] ?? 'other',
    raw: bytes.subarray(HEADER, at + 5),
    recursionDesired: (flags & 0x0100) !== 0,
  };
}

/** Addresses of the other family are left out: the name then exists and has none of the kind asked for. */
export function encodeDnsAnswer(question: DnsQuestion, result: DnsResult): Buffer {
  const addresses = 'failure' in result ? [] : result.addresses.map(addressBytes).filter((bytes) => bytes.length === (question.type === 'A' ? 4 : question.type === 'AAAA' ? 16 : 0));
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(question.id, 0);
  const code = 'failure' in result ? FAILURES[result.failure] : 0;
  // A response, recursion available.
  header.writeUInt16BE(0x8080 | (question.recursionDesired ? 0x0100 : 0) | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(addresses.length, 6);
  return Buffer.concat([header, question.raw, ...addresses.map(record)]);
}

function record(address: Buffer): Buffer {
  const head = Buffer.alloc(HEADER);
  head.writeUInt16BE(NAME_OF_QUESTION, 0);
  head.writeUInt16BE(address.length === 4 ? 1 : 28, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(TTL_SECONDS, 6);
  head.writeUInt16BE(address.length, 10);
  return Buffer.concat([head, address]);
}

/** The bytes of an IPv4 or IPv6 address; none for anything else. */
export function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  if (isIP(address) !== 6) return Buffer.alloc(0);
  // The URL parser writes an IPv4 tail as hexadecimal groups; what is left is `::` to fill.
  const [head = '', tail] = new URL(`http://[${address.replace(/%.*/, '')}]`).hostname.slice(1, -1).split('::');
  const [left, right] = [groups(head), groups(tail)];
  const all = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

function groups(text: string | undefined): number[] {
  return text ? text.split(':').map((group) => Number.parseInt(group, 16)) : [];
}
