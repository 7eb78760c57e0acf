/** Messages of the Postgres protocol, as bytes. */
export interface PgColumn {
  readonly name: string;
  readonly tableId: number;
  readonly columnId: number;
  readonly typeId: number;
  /** Bytes of the type; -1: it varies. */
  readonly typeSize: number;
}

/** A message without a body. */
export function pgBare(kind: string): Buffer {
  return pgMessage(kind);
}

export function pgMessage(kind: string, ...parts: readonly Buffer[]): Buffer {
  const size = parts.reduce((sum, part) => sum + part.length, 4);
  return Buffer.concat([Buffer.from(kind, 'latin1'), int32(size), ...parts]);
}

export function pgStartup(parameters: ReadonlyMap<string, string>): Buffer {
  const body = Buffer.concat([int32(3 << 16), ...[...parameters].flatMap(([name, value]) => [text(name), text(value)]), Buffer.from([0])]);
  return Buffer.concat([int32(body.length + 4), body]);
}

export function pgQuery(statement: string): Buffer {
  return pgMessage('Q', text(statement));
}

export function pgParse(name: string, statement: string, types: readonly number[]): Buffer {
  return pgMessage('P', text(name), text(statement), int16(types.length), ...types.map(int32));
}

export function pgParameterStatus(name: string, value: string): Buffer {
  return pgMessage('S', text(name), text(value));
}

export function pgParameterDescription(types: readonly number[]): Buffer {
  return pgMessage('t', int16(types.length), ...types.map(int32));
}

/** All columns in text format. */
export function pgRowDescription(columns: readonly PgColumn[]): Buffer {
  const fields = columns.flatMap(({ name, tableId, columnId, typeId, typeSize }) => [text(name), int32(tableId), int16(columnId), int32(typeId), int16(typeSize), int32(-1), int16(0)]);
  return pgMessage('T', int16(columns.length), ...fields);
}

export function pgDataRow(cells: readonly (Buffer | null)[]): Buffer {
  return pgMessage('D', int16(cells.length), ...cells.flatMap((cell) => (cell ? [int32(cell.length), cell] : [int32(-1)])));
}

export function pgCommandComplete(tag: string): Buffer {
  return pgMessage('C', text(tag));
}

/** `fields` by their protocol letter. */
export function pgErrorResponse(fields: readonly (readonly [letter: string, value: string])[]): Buffer {
  return pgMessage('E', ...fields.flatMap(([letter, value]) => [Buffer.from(letter, 'latin1'), text(value)]), Buffer.from([0]));
}

/** `I` idle, `T` in a transaction, `E` in a failed one. */
export function pgReadyForQuery(status: string): Buffer {
  return pgMessage('Z', Buffer.from(status, 'latin1'));
}

/** A zero byte would end the string early. */
function text(value: string): Buffer {
  return Buffer.from(`${value.replaceAll('\0', '')}\0`);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value & 0xffff);
  return bytes;
}
