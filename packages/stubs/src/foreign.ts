import type { Journal } from './journal.js';

/** How connections begin, or go on, in protocols that are met at a wrong port: as text, or as bytes at a place. */
const BEGINNINGS: readonly { readonly what: string; readonly looks: RegExp | { readonly at: number; readonly hex: string } }[] = [
  { what: 'a TLS handshake', looks: { at: 0, hex: '1603' } },
  { what: 'the preface of HTTP/2', looks: /^PRI \* HTTP\/2/ },
  { what: 'an HTTP/1.1 request', looks: /^[A-Z]{3,10} \S+ HTTP\/1\.[01]\r?\n/ },
  { what: 'a Redis command', looks: /^\*\d+\r\n\$\d+\r\n/ },
  { what: 'the start of a Postgres session', looks: { at: 4, hex: '00030000' } },
  { what: "Postgres' question for TLS", looks: { at: 4, hex: '04d2162f' } },
  { what: 'the PROXY protocol', looks: /^PROXY TCP[46] / },
  { what: 'the PROXY protocol', looks: { at: 0, hex: '0d0a0d0a000d0a515549540a' } },
  { what: 'SSH', looks: /^SSH-2\.0-/ },
  { what: 'AMQP', looks: /^AMQP/ },
  { what: 'SMTP', looks: /^(?:EHLO|HELO) / },
  { what: 'a MongoDB message', looks: { at: 12, hex: 'dd070000' } },
];
const SHOWN = 24;

/** What bytes look like that nobody expected: `a TLS handshake (16 03 01 02 00 …)`. */
export function describeForeign(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'nothing';
  const beginning = Buffer.from(bytes.subarray(0, 256));
  const what = BEGINNINGS.find(({ looks }) => (looks instanceof RegExp ? looks.test(beginning.toString('latin1')) : beginning.toString('hex', looks.at).startsWith(looks.hex)))?.what;
  const piece = Buffer.from(bytes.subarray(0, SHOWN));
  const more = bytes.length > SHOWN ? ' …' : '';
  const shown = /^[\x20-\x7e\r\n\t]*$/.test(piece.toString('latin1')) ? `${JSON.stringify(piece.toString('latin1'))}${more}` : `${piece.toString('hex').replaceAll(/..(?=.)/g, '$& ')}${more}`;
  return what === undefined ? `${bytes.length} bytes: ${shown}` : `${what} (${shown})`;
}

/** A client that does not speak the recorded protocol left the recording. `bytes`: what came last, and could not be read. */
export function tellForeign(journal: Journal, stub: string, bytes: Uint8Array, problem: string): void {
  journal.diverge({ stub, asked: describeForeign(bytes), reason: problem });
}
