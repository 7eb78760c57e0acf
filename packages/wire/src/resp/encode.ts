/** A reply in the shape of RESP3; strings that are not UTF-8 are base64. */
export type RespValue =
  | { readonly bulk: string }
  | { readonly base64: string }
  | { readonly simple: string }
  | { readonly integer: string }
  | { readonly double: string }
  | { readonly boolean: boolean }
  | { readonly null: true }
  | { readonly error: string }
  | { readonly array: readonly RespValue[] }
  | { readonly set: readonly RespValue[] }
  | { readonly map: readonly (readonly [RespValue, RespValue])[] }
  | { readonly bigNumber: string }
  /** `format`: three characters, `txt` or `mkd`. */
  | { readonly verbatim: string; readonly format: string }
  /** An error of any length, with line breaks in it; in RESP2 a simple one. */
  | { readonly blobError: string }
  /** Out of turn; in RESP2 an array. */
  | { readonly push: readonly RespValue[] };

export type RespVersion = 2 | 3;

/** The bytes of a reply. RESP2 has no maps, sets, doubles, booleans, big numbers, verbatim strings or pushes: it gets what Redis itself sends there. */
export function encodeResp(value: RespValue, version: RespVersion): Buffer {
  const parts: Buffer[] = [];
  write(value, version, parts);
  return Buffer.concat(parts);
}

function write(value: RespValue, version: RespVersion, out: Buffer[]): void {
  if ('bulk' in value) bulk(Buffer.from(value.bulk), out);
  else if ('base64' in value) bulk(Buffer.from(value.base64, 'base64'), out);
  else if ('simple' in value) out.push(line('+', value.simple));
  else if ('integer' in value) out.push(line(':', value.integer));
  else if ('error' in value) out.push(line('-', value.error));
  else if ('null' in value) out.push(Buffer.from(version === 3 ? '_\r\n' : '$-1\r\n'));
  else if ('double' in value) {
    if (version === 3) out.push(line(',', value.double));
    else bulk(Buffer.from(value.double), out);
  } else if ('boolean' in value) out.push(version === 3 ? line('#', value.boolean ? 't' : 'f') : line(':', value.boolean ? '1' : '0'));
  else if ('array' in value) list('*', value.array, version, out);
  else if ('blobError' in value) {
    if (version === 3) bulk(Buffer.from(value.blobError), out, '!');
    else out.push(line('-', value.blobError));
  } else if ('push' in value) list(version === 3 ? '>' : '*', value.push, version, out);
  else if ('bigNumber' in value) {
    if (version === 3) out.push(line('(', value.bigNumber));
    else bulk(Buffer.from(value.bigNumber), out);
  } else if ('verbatim' in value) {
    if (version === 3) bulk(Buffer.from(`${value.format}:${value.verbatim}`), out, '=');
    else bulk(Buffer.from(value.verbatim), out);
  } else if ('set' in value) list(version === 3 ? '~' : '*', value.set, version, out);
  else if (version === 3) {
    out.push(line('%', String(value.map.length)));
    for (const pair of value.map) for (const item of pair) write(item, version, out);
  } else list('*', value.map.flat(), version, out);
}

function list(sign: string, items: readonly RespValue[], version: RespVersion, out: Buffer[]): void {
  out.push(line(sign, String(items.length)));
  for (const item of items) write(item, version, out);
}

function bulk(bytes: Buffer, out: Buffer[], sign = '$'): void {
  out.push(line(sign, String(bytes.length)), bytes, Buffer.from('\r\n'));
}

/** Line breaks would end the reply early. */
function line(sign: string, text: string): Buffer {
  return Buffer.from(`${sign}${text.replace(/[\r\n]+/g, ' ')}\r\n`);
}
