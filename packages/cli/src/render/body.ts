import type { Body, HeaderList } from '@deja/format';
import { bodyBytes, bodyText } from '@deja/format/node';
import { visible } from './text.js';
import { plural, size } from './units.js';

const MAX_LINES = 60;
const MAX_BYTES = 256;

/** A body to look at: JSON in lines, other text as it is, bytes as a hex dump; long ones are cut unless `full`. */
export function bodyLines(blobs: ReadonlyMap<string, Uint8Array>, body: Body, headers: HeaderList, full: boolean): string {
  const encoding = headers.find(([name]) => name.toLowerCase() === 'content-encoding')?.[1];
  const bytes = bodyBytes(blobs, body);
  const text = bodyText(blobs, body);
  const notes = [size(bytes.length), ...(encoding ? [`content-encoding ${visible(encoding)}`] : []), ...(body.truncated ? [`${plural(body.truncated, 'further byte')} not kept`] : [])];
  const shown = text === null ? hexDump(bytes, full) : textLines(text, full);
  return `(${notes.join(', ')})\n${shown}`;
}

function textLines(text: string, full: boolean): string {
  const lines = visible(pretty(text)).split('\n');
  if (full || lines.length <= MAX_LINES) return lines.join('\n');
  return [...lines.slice(0, MAX_LINES), `… ${plural(lines.length - MAX_LINES, 'more line')} (--full)`].join('\n');
}

function pretty(text: string): string {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // Says it is JSON and is not: that may be the very cause, so it is shown as it was.
    return text;
  }
}

function hexDump(bytes: Uint8Array, full: boolean): string {
  const end = full ? bytes.length : Math.min(bytes.length, MAX_BYTES);
  const lines: string[] = [];
  for (let at = 0; at < end; at += 16) {
    const row = [...bytes.subarray(at, Math.min(at + 16, end))];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ').padEnd(47);
    const text = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCodePoint(byte) : '.')).join('');
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hex}  ${text}`);
  }
  return [...lines, ...(end < bytes.length ? [`… ${plural(bytes.length - end, 'more byte')} (--full)`] : [])].join('\n');
}
