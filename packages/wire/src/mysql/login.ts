import { WireError } from '../error.js';
import { MYSQL_CAN } from './capabilities.js';
import { MysqlReader } from './reader.js';

/** What a client answers the greeting with. */
export interface MysqlLogin {
  readonly capabilities: number;
  readonly extended: number;
  readonly charset: number;
  readonly user: string;
  readonly auth: Buffer;
  readonly database: string | undefined;
  readonly plugin: string | undefined;
}

const HEAD = 32;
const LARGEST_PACKET = 64 * 1024 * 1024;

/** Null: a request for encryption, after which the client begins again. Throws `WireError` for a client older than protocol 4.1. */
export function readMysqlLogin(payload: Buffer): MysqlLogin | null {
  const reader = new MysqlReader(payload);
  if (payload.length < HEAD) throw new WireError('MySQL', 'a login of a protocol before 4.1');
  const capabilities = reader.uint32();
  if (!(capabilities & MYSQL_CAN.protocol41)) throw new WireError('MySQL', 'a login of a protocol before 4.1');
  reader.uint32();
  const charset = reader.uint8();
  reader.take(19);
  const extended = reader.uint32();
  if (payload.length === HEAD) {
    if (capabilities & MYSQL_CAN.tls) return null;
    throw new WireError('MySQL', 'a login without a user');
  }
  const user = reader.text();
  const auth = authOf(reader, capabilities);
  const database = capabilities & MYSQL_CAN.connectWithDatabase && reader.left > 0 ? reader.text() : undefined;
  const plugin = capabilities & MYSQL_CAN.pluginAuth && reader.left > 0 ? reader.text() : undefined;
  return { capabilities, extended: capabilities & MYSQL_CAN.longPassword ? 0 : extended, charset, user, auth, database: database === '' ? undefined : database, plugin };
}

/** A login without a password. */
export function mysqlLogin({ capabilities, extended, charset, user, database }: Omit<MysqlLogin, 'auth' | 'plugin'>): Buffer {
  const own = MYSQL_CAN.protocol41 | MYSQL_CAN.secureConnection | MYSQL_CAN.pluginAuth | (database === undefined ? 0 : MYSQL_CAN.connectWithDatabase);
  const not = MYSQL_CAN.tls | MYSQL_CAN.attributes | MYSQL_CAN.longAuthData | MYSQL_CAN.connectWithDatabase;
  const head = Buffer.alloc(HEAD);
  head.writeUInt32LE(((capabilities & ~not) | own) >>> 0, 0);
  head.writeUInt32LE(LARGEST_PACKET, 4);
  head.writeUInt8(charset, 8);
  head.writeUInt32LE(extended, 28);
  return Buffer.concat([head, Buffer.from(`${user}\0`), Buffer.from([0]), ...(database === undefined ? [] : [Buffer.from(`${database}\0`)]), Buffer.from('mysql_native_password\0')]);
}

export interface MysqlChangeUser {
  readonly user: string;
  readonly auth: Buffer;
  readonly database: string | undefined;
  readonly charset: number | undefined;
  readonly plugin: string | undefined;
}

/** The payload of COM_CHANGE_USER, of a client with these capabilities. */
export function readMysqlChangeUser(payload: Buffer): MysqlChangeUser {
  const reader = new MysqlReader(payload, 1);
  const user = reader.text();
  const auth = reader.take(reader.uint8());
  const database = reader.text();
  const charset = reader.left >= 2 ? reader.uint16() : undefined;
  return { user, auth, database: database === '' ? undefined : database, charset, plugin: reader.left > 0 ? reader.text() : undefined };
}

/** COM_CHANGE_USER without a password. */
export function mysqlChangeUser(user: string, database: string | undefined, charset: number): Buffer {
  const number = Buffer.alloc(2);
  number.writeUInt16LE(charset);
  return Buffer.concat([Buffer.from([17]), Buffer.from(`${user}\0`), Buffer.from([0]), Buffer.from(`${database ?? ''}\0`), number, Buffer.from('mysql_native_password\0')]);
}

function authOf(reader: MysqlReader, capabilities: number): Buffer {
  if (capabilities & MYSQL_CAN.longAuthData) return reader.bytes() ?? Buffer.alloc(0);
  return capabilities & MYSQL_CAN.secureConnection ? reader.take(reader.uint8()) : Buffer.from(reader.text());
}

/** More data of a way to sign in: of `caching_sha2_password`, 3 says that the password is known already. */
export function mysqlAuthMore(data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([1]), data]);
}

