/** Numbers of types in the protocol. */
export const MYSQL_TYPE = {
  tiny: 1, short: 2, long: 3, float: 4, double: 5, null: 6, timestamp: 7, longlong: 8, int24: 9, date: 10, time: 11, datetime: 12, year: 13, bit: 16, json: 245, decimal: 246,
  blob: 252, varString: 253, string: 254, geometry: 255,
} as const;

export const MYSQL_UNSIGNED = 32;
/** No character set: bytes. */
export const MYSQL_BINARY = 63;
