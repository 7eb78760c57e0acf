import { binaryRow, type RawCell, textRow } from './cells.js';
import { type Column, readColumn } from './column.js';
import { PacketReader } from './reader.js';

/** What the server answered to one statement of a text. */
export interface Segment {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly RawCell[])[];
  /** Of a statement without rows. */
  readonly done: { readonly affectedRows: number; readonly insertId: bigint } | undefined;
}

/** Packets of an answer as the driver got them, by reference: each a chunk off the socket, with the places at which the payload begins and ends. */
export class AnswerPackets {
  readonly #packets: { readonly buffer: Buffer; readonly start: number; readonly end: number }[] = [];

  get length(): number {
    return this.#packets.length;
  }

  push(buffer: Buffer, start: number, end: number): void {
    this.#packets.push({ buffer, start, end });
  }

  *[Symbol.iterator](): Generator<Buffer> {
    for (const { buffer, start, end } of this.#packets) yield buffer.subarray(start, end);
  }
}

export interface Manner {
  readonly binary: boolean;
  /** MariaDB says more about each column. */
  readonly extended: boolean;
}

/** Reads what has arrived; it may end anywhere. */
export function readAnswer(packets: Iterable<Buffer>, { binary, extended }: Manner): readonly Segment[] {
  const segments: Segment[] = [];
  let expected = 0;
  let columns: Column[] = [];
  let rows: (readonly RawCell[])[] | undefined;
  for (const payload of packets) {
    if (rows !== undefined) {
      if (isEnd(payload)) rows = undefined;
      else rows.push(binary ? binaryRow(payload, columns) : textRow(payload, columns));
    } else if (columns.length < expected) {
      columns.push(readColumn(payload, extended));
    } else if (expected > 0 && isEnd(payload)) {
      rows = [];
      segments.push({ columns, rows, done: undefined });
      expected = 0;
    } else if (payload[0] === 0) {
      const reader = new PacketReader(payload, 1);
      segments.push({ columns: [], rows: [], done: { affectedRows: Number(reader.integer() ?? 0n), insertId: reader.integer() ?? 0n } });
    } else {
      expected = Number(new PacketReader(payload).integer() ?? 0n);
      columns = [];
    }
  }
  return segments;
}

/** A row may begin with the same byte when its first cell is very long. */
function isEnd(payload: Buffer): boolean {
  return payload[0] === 0xfe && payload.length < 9;
}
