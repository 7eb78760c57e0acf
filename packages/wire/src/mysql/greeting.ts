import { WireError } from '../error.js';
import { MYSQL_CAN } from './capabilities.js';
import { MysqlReader } from './reader.js';

/** What a server says first. */
export interface MysqlGreeting {
  readonly version: string;
  readonly connection: number;
  readonly capabilities: number;
  /** MariaDB's own; 0 of MySQL. */
  readonly extended: number;
  readonly charset: number;
  readonly status: number;
  readonly plugin: string;
  /** 20 bytes. */
  readonly scramble: Buffer;
}

const PROTOCOL = 10;
const SCRAMBLE = 20;

/** Throws `WireError` for another protocol, and where the server refuses instead (the payload begins with 255). */
export function readMysqlGreeting(payload: Buffer): MysqlGreeting {
  const reader = new MysqlReader(payload);
  const protocol = reader.uint8();
  if (protocol !== PROTOCOL) throw new WireError('MySQL', `protocol version ${protocol}`);
  const version = reader.text();
  const connection = reader.uint32();
  const begin = reader.take(8);
  reader.take(1);
  const low = reader.uint16();
  const charset = reader.uint8();
  const status = reader.uint16();
  const capabilities = (low | (reader.uint16() << 16)) >>> 0;
  const size = reader.uint8();
  reader.take(6);
  const last = reader.uint32();
  const end = reader.take(Math.min(reader.left, Math.max(13, size - 8)));
  const scramble = Buffer.concat([begin, end]).subarray(0, SCRAMBLE);
  return { version, connection, capabilities, extended: capabilities & MYSQL_CAN.longPassword ? 0 : last, charset, status, plugin: reader.text(), scramble };
}

export function mysqlGreeting({ version, connection, capabilities, extended, charset, status, plugin, scramble }: MysqlGreeting): Buffer {
  const fixed = Buffer.alloc(4 + 8 + 1 + 2 + 1 + 2 + 2 + 1 + 6 + 4);
  fixed.writeUInt32LE(connection, 0);
  scramble.copy(fixed, 4, 0, 8);
  fixed.writeUInt16LE(capabilities & 0xffff, 13);
  fixed.writeUInt8(charset, 15);
  fixed.writeUInt16LE(status, 16);
  fixed.writeUInt16LE(capabilities >>> 16, 18);
  fixed.writeUInt8(SCRAMBLE + 1, 20);
  fixed.writeUInt32LE(extended, 27);
  return Buffer.concat([Buffer.from([PROTOCOL]), Buffer.from(`${version}\0`), fixed, scramble.subarray(8, SCRAMBLE), Buffer.from([0]), Buffer.from(`${plugin}\0`)]);
}
