/** What client and server can do, as far as it changes how their packets read. */
export const MYSQL_CAN = {
  /** MariaDB leaves it out of its greeting, and then says more about itself. */
  longPassword: 1,
  connectWithDatabase: 1 << 3,
  compress: 1 << 5,
  localFiles: 1 << 7,
  protocol41: 1 << 9,
  tls: 1 << 11,
  secureConnection: 1 << 15,
  multiStatements: 1 << 16,
  multiResults: 1 << 17,
  pluginAuth: 1 << 19,
  attributes: 1 << 20,
  longAuthData: 1 << 21,
  sessionTrack: 1 << 23,
  /** OK stands at the end of rows in place of EOF. */
  deprecateEof: 1 << 24,
  optionalMetadata: 1 << 25,
  zstd: 1 << 26,
  queryAttributes: 1 << 27,
  multiFactor: 1 << 28,
} as const;

/** MariaDB's own: columns say what JSON and the like are. */
export const MARIADB_EXTENDED_METADATA = 1 << 3;

export const MYSQL_STATUS = { inTransaction: 1, autocommit: 2, moreResults: 8, cursorExists: 0x40 } as const;
