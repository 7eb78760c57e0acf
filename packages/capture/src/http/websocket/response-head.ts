import type { HeaderList } from '@deja/format';
import type { TappedPiece } from './tap.js';

export interface ReadHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderList;
}

const END = Buffer.from('\r\n\r\n');

/** Takes the heads of request and response off the front of what was tapped from the first byte on. Null: they have not come whole. */
export function takeHeads(pieces: readonly TappedPiece[]): { readonly head: ReadHead; readonly rest: readonly TappedPiece[] } | null {
  const server = withoutHead(pieces.filter(({ from }) => from === 'server'));
  const client = withoutHead(pieces.filter(({ from }) => from === 'client'));
  if (!server || !client) return null;
  const kept = new Map([...server.rest, ...client.rest].map((piece) => [piece.of, piece.bytes]));
  const rest = pieces.flatMap((piece) => {
    const bytes = kept.get(piece);
    return bytes && bytes.byteLength > 0 ? [{ ...piece, bytes }] : [];
  });
  const [line = '', ...lines] = server.head.toString('latin1').split('\r\n');
  const [, status = '0', statusText = ''] = /^HTTP\/1\.\d (\d{3}) ?(.*)$/.exec(line) ?? [];
  const headers = lines.flatMap((one): [string, string][] => {
    const colon = one.indexOf(':');
    return colon > 0 ? [[one.slice(0, colon), one.slice(colon + 1).trim()]] : [];
  });
  return { head: { status: Number(status), statusText, headers }, rest };
}

function withoutHead(pieces: readonly TappedPiece[]): { readonly head: Buffer; readonly rest: readonly { readonly of: TappedPiece; readonly bytes: Uint8Array }[] } | null {
  const end = Buffer.concat(pieces.map(({ bytes }) => bytes)).indexOf(END);
  if (end === -1) return null;
  let left = end + END.length;
  const rest = pieces.map((piece) => {
    const skip = Math.min(left, piece.bytes.byteLength);
    left -= skip;
    return { of: piece, bytes: piece.bytes.subarray(skip) };
  });
  return { head: Buffer.concat(pieces.map(({ bytes }) => bytes)).subarray(0, end), rest };
}
