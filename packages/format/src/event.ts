/**
 * The events of a timeline: one observed exchange with the outside each.
 * The same shape serves error packages (`timeline.jsonl`) and stand-alone timelines.
 */

/** Bytes as they were seen. Small text stays readable, anything else goes to base64 or to a blob of the package. */
export type Body =
  | { readonly text: string; readonly truncated?: number }
  | { readonly base64: string; readonly truncated?: number }
  | { readonly blob: string; readonly size: number; readonly truncated?: number };
// `truncated`: how many bytes were seen but not kept.

/** Whose work an event was. `request` refers to an index into `context.requests`; 0 is the failing one. */
export type Scope =
  | { readonly in: 'boot' }
  | { readonly in: 'background' }
  | { readonly in: 'request'; readonly request: number };

/** Where in an exchange an IO error struck. */
export type IoPhase = 'dns' | 'connect' | 'tls' | 'send' | 'wait' | 'receive';

export interface IoError {
  readonly name?: string;
  readonly message: string;
  /** Driver or system code: `ECONNRESET`, `23505`, `SQLITE_BUSY`. */
  readonly code?: string;
  readonly errno?: number;
  readonly syscall?: string;
  readonly detail?: string;
  readonly phase?: IoPhase;
  /** Bytes of the answer that had arrived when it broke. */
  readonly bytes?: number;
  /** Further fields of the driver's error (`constraint`, `table`, `severity` …). */
  readonly fields?: Readonly<Record<string, string>>;
}

/**
 * How an event ended. `pending`: not ended when the failure was packaged.
 * An error may carry the part of the answer that had arrived (`partial`).
 */
export type Outcome<T> =
  | { readonly ok: T }
  | { readonly error: IoError; readonly partial?: Partial<T> }
  | { readonly pending: { readonly partial?: Partial<T> } };

interface EventBase {
  /** 1-based, unique in the timeline; the order in which the exchanges began. */
  readonly seq: number;
  /** Absent in stand-alone timelines: then request 0. */
  readonly scope?: Scope;
  /** Milliseconds from the timeline's `epoch` to the beginning of the exchange. */
  readonly at?: number;
  /** Milliseconds from beginning to end. */
  readonly ms?: number;
  /** Rank among the completions of the timeline (1-based): replies are released in this order. */
  readonly done?: number;
  /** Names of the OpenTelemetry semantic conventions. */
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
}

// ---------------------------------------------------------------- SQL

/** A value in the engine's own text form; null is SQL NULL. SQLite cells whose storage class differs from the field's type say so. */
export type Cell = string | null | { readonly base64: string } | { readonly storage: 'integer' | 'real' | 'text'; readonly text: string };

export interface SqlField {
  readonly name: string;
  /** The engine's type name (`int4`, `text`); for SQLite the storage class of the column's cells. */
  readonly type: string;
  /** Origin, where the driver tells it. */
  readonly table?: string;
  readonly column?: string;
  /** Postgres: the origin's table OID and attribute number, where names are not known. */
  readonly tableId?: number;
  readonly columnId?: number;
}

export interface SqlResult {
  /** Command tag without counts: `SELECT`, `INSERT`, `BEGIN`. */
  readonly command: string;
  readonly rowCount: number | null;
  readonly fields: readonly SqlField[];
  readonly rows: readonly (readonly Cell[])[];
  /** SQLite: the rowid of the last insert. MySQL: the first key that it generated. */
  readonly lastId?: string;
  /** Results of the statements after the first, for a text of several statements. */
  readonly more?: readonly SqlResult[];
}

export interface SqlEvent extends EventBase {
  readonly kind: 'sql';
  /** Name of an entry of `databases`. */
  readonly database: string;
  /** Connection, numbered from 1 in order of first use. */
  readonly session: number;
  readonly text: string;
  readonly params?: readonly Cell[];
  /** Name of the prepared statement, where there is one. */
  readonly prepared?: string;
  readonly outcome: Outcome<SqlResult>;
}

// ---------------------------------------------------------------- HTTP (S3 as HTTP with attributes)

export type HeaderList = readonly (readonly [name: string, value: string])[];

export interface HttpResponse {
  readonly status: number;
  readonly statusText?: string;
  readonly httpVersion?: string;
  /** In wire order and case. */
  readonly headers: HeaderList;
  readonly trailers?: HeaderList;
  /** Bytes as on the wire after transfer decoding, before content decoding. */
  readonly body?: Body;
  /** Milliseconds from the beginning of the exchange to the response's head. */
  readonly ttfb?: number;
  /** `[milliseconds since the head, bytes]` of every body chunk. */
  readonly chunks?: readonly (readonly [ms: number, bytes: number])[];
}

export interface HttpEvent extends EventBase {
  readonly kind: 'http';
  /** Set where a client library says what it is about: `s3`. Attributes then carry `rpc.method`, `aws.s3.bucket`, `aws.s3.key`. */
  readonly service?: string;
  readonly method: string;
  /** Absolute: `https://payments.example:8443/v1/charge?x=1`. */
  readonly url: string;
  readonly headers: HeaderList;
  readonly body?: Body;
  /** The address that was dialled, where known. */
  readonly peer?: { readonly address: string; readonly port: number };
  readonly outcome: Outcome<HttpResponse>;
}

// ---------------------------------------------------------------- Redis

/** A reply in the shape of RESP; strings that are not UTF-8 are base64. */
export type RedisReply =
  | { readonly bulk: string }
  | { readonly base64: string }
  | { readonly simple: string }
  | { readonly integer: string }
  | { readonly double: string }
  | { readonly boolean: boolean }
  | { readonly null: true }
  | { readonly error: string }
  | { readonly array: readonly RedisReply[] }
  | { readonly set: readonly RedisReply[] }
  | { readonly map: readonly (readonly [RedisReply, RedisReply])[] };

export type RedisArgument = string | { readonly base64: string };

export interface RedisEvent extends EventBase {
  readonly kind: 'redis';
  /** Name of an entry of `servers`. */
  readonly server: string;
  readonly session: number;
  /** Command and arguments: `["GET", "user:47"]`. */
  readonly command: readonly RedisArgument[];
  readonly outcome: Outcome<RedisReply>;
}

// ---------------------------------------------------------------- the rest of the outside

export interface DnsEvent extends EventBase {
  readonly kind: 'dns';
  readonly hostname: string;
  readonly outcome: Outcome<{ readonly addresses: readonly string[] }>;
}

/** A connection that failed before any protocol spoke, or a protocol that is not understood. */
export interface SocketEvent extends EventBase {
  readonly kind: 'socket';
  readonly host: string;
  readonly port: number;
  readonly outcome: Outcome<{ readonly bytesSent: number; readonly bytesReceived: number }>;
}

/** A value that the program named (`deja.state`), or that was found in module scope. */
export interface StateEvent extends EventBase {
  readonly kind: 'state';
  readonly name: string;
  readonly outcome: Outcome<{ readonly value: unknown }>;
}

/** Randomness the program drew. */
export interface RandomEvent extends EventBase {
  readonly kind: 'random';
  readonly source: 'Math.random' | 'randomUUID' | 'randomBytes' | 'randomInt';
  readonly outcome: Outcome<{ readonly value: string }>;
}

export type IoEvent = SqlEvent | HttpEvent | RedisEvent | DnsEvent | SocketEvent | StateEvent | RandomEvent;
export type EventKind = IoEvent['kind'];

/** What an instrumentation knows of an event; the recorder adds number, scope and times. */
export type EventBody = { [K in EventKind]: Omit<Extract<IoEvent, { kind: K }>, 'seq' | 'scope' | 'at' | 'ms' | 'done'> }[EventKind];
