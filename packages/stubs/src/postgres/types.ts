/** Type numbers of Postgres' own types, which never change, with their sizes (-1: it varies). */
const TYPES: Readonly<Record<string, readonly [id: number, size: number]>> = {
  bool: [16, 1], bytea: [17, -1], char: [18, 1], name: [19, 64], int8: [20, 8], int2: [21, 2], int4: [23, 4], text: [25, -1], oid: [26, 4],
  json: [114, -1], xml: [142, -1], float4: [700, 4], float8: [701, 8], unknown: [705, -2], money: [790, 8], macaddr: [829, 6], inet: [869, -1], cidr: [650, -1],
  bpchar: [1042, -1], varchar: [1043, -1], date: [1082, 4], time: [1083, 8], timestamp: [1114, 8], timestamptz: [1184, 8], interval: [1186, 16],
  timetz: [1266, 12], bit: [1560, -1], varbit: [1562, -1], numeric: [1700, -1], uuid: [2950, 16], jsonb: [3802, -1], void: [2278, 4], record: [2249, -1],
  regclass: [2205, 4], regtype: [2206, 4], tsvector: [3614, -1], tsquery: [3615, -1], point: [600, 16], xid: [28, 4], tid: [27, 6],
  int4range: [3904, -1], numrange: [3906, -1], tsrange: [3908, -1], tstzrange: [3910, -1], daterange: [3912, -1], int8range: [3926, -1],
  _bool: [1000, -1], _bytea: [1001, -1], _char: [1002, -1], _name: [1003, -1], _int2: [1005, -1], _int4: [1007, -1], _text: [1009, -1], _oid: [1028, -1],
  _bpchar: [1014, -1], _varchar: [1015, -1], _int8: [1016, -1], _float4: [1021, -1], _float8: [1022, -1], _timestamp: [1115, -1], _date: [1182, -1],
  _time: [1183, -1], _timestamptz: [1185, -1], _numeric: [1231, -1], _json: [199, -1], _jsonb: [3807, -1], _uuid: [2951, -1], _inet: [1041, -1],
};
const TEXT = [25, -1] as const;

/** By name, or by number in text form as capture writes types it has no name for. Types of the database's own read as text. */
export function typeOf(name: string): { readonly id: number; readonly size: number } {
  const [id, size] = /^\d+$/.test(name) ? ([Number(name), -1] as const) : ((Object.hasOwn(TYPES, name) ? TYPES[name] : undefined) ?? TEXT);
  return { id, size };
}
