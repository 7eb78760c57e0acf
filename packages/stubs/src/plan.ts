import type { Cell, HttpEvent, IoError, RedisEvent, SqlResult } from '@deja/format';

/** What every stub shall answer: the recorded exchanges, as they were, each with its number as provenance. */
export interface StubPlan {
  readonly deja: 'stubs/1';
  readonly http: readonly HttpStubPlan[];
  readonly redis: readonly RedisStubPlan[];
  readonly sql: readonly SqlProxyPlan[];
  /** Names that did not resolve, with the error code that the resolver gave. */
  readonly dns: readonly DnsFailurePlan[];
  /** Ports at which connecting failed. */
  readonly closed: readonly ClosedPortPlan[];
  /** Contents of the bodies that exchanges refer to by `blob`, as base64 by sha256. */
  readonly blobs: Readonly<Record<string, string>>;
  /** What of the recording the stubs cannot answer as it was, in words, with the event's number. */
  readonly limits: readonly string[];
}

export interface Exchange {
  readonly seq: number;
  /** Whether it may be served more than once: boot and background work may, a request's own exchanges never. */
  readonly repeat: boolean;
  /** Milliseconds since 1970 when it began. */
  readonly time?: number;
  /** Milliseconds from request to the end of the answer. */
  readonly ms?: number;
  /** Rank of completion over all stubs of the plan. */
  readonly done?: number;
}

export type HttpExchange = Exchange & Pick<HttpEvent, 'method' | 'url' | 'headers' | 'body' | 'outcome'>;

export interface HttpStubPlan {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly exchanges: readonly HttpExchange[];
}

export type RedisExchange = Exchange & Pick<RedisEvent, 'command' | 'outcome' | 'session'>;

export interface RedisStubPlan {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly exchanges: readonly RedisExchange[];
}

/** `never`: no answer comes; `drop`: the connection ends instead (`fin`: closed in order, `rst`: reset). */
export type SqlAnswer =
  | { readonly ok: SqlResult }
  | { readonly error: IoError }
  | { readonly never: true }
  | { readonly drop: 'fin' | 'rst' };

export interface SqlExchange extends Exchange {
  readonly session: number;
  readonly text: string;
  readonly params: readonly Cell[];
  /** `verbatim`: answer as recorded, the engine never sees it. `pass`: the engine answers, with the recorded latency. */
  readonly how: 'verbatim' | 'pass';
  /** Why it is verbatim. */
  readonly reason?: string;
  /** Present when `how` is `verbatim`. */
  readonly answer?: SqlAnswer;
}

/** The proxy in front of an engine: what it shall answer by itself. Every other statement goes to the engine. */
export interface SqlProxyPlan {
  readonly database: string;
  /** Where the application expects the server. A host that begins with `/` is the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** As the application names them while connecting; several databases of one server share a port. */
  readonly login: { readonly database?: string; readonly user?: string };
  /** Reported to the application in place of the engine's own: `TimeZone`, `server_version`. */
  readonly settings: Readonly<Record<string, string>>;
  readonly statements: readonly SqlExchange[];
}

export interface DnsFailurePlan {
  readonly name: string;
  readonly code: string;
  readonly ms?: number;
}

/** `refused`: nothing listens; `silent`: nothing answers the connection attempt. */
export interface ClosedPortPlan {
  readonly host: string;
  readonly port: number;
  readonly how: 'refused' | 'silent';
}
