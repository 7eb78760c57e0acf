import type { Cell, HttpEvent, IoError, RedisEvent, SqlResult } from '@deja/format';

/** What every stub shall answer: the recorded exchanges, as they were, each with its number as provenance. */
export interface StubPlan {
  readonly deja: 'stubs/1';
  readonly http: readonly HttpStubPlan[];
  readonly redis: readonly RedisStubPlan[];
  readonly sql: readonly SqlProxyPlan[];
  /** Names that did not resolve, with the error code that the resolver gave. */
  readonly dns: readonly { readonly name: string; readonly code: string; readonly ms?: number }[];
  /** Ports at which connecting failed: nothing listens (`refused`) or nothing answers (`silent`). */
  readonly closed: readonly { readonly host: string; readonly port: number; readonly how: 'refused' | 'silent' }[];
  /** Contents of the bodies that exchanges refer to by `blob`, as base64 by sha256. */
  readonly blobs: Readonly<Record<string, string>>;
}

interface Exchange {
  readonly seq: number;
  /** Whether it may be served more than once: boot and background work may, a request's own exchanges never. */
  readonly repeat: boolean;
  /** Milliseconds from request to the end of the answer. */
  readonly ms?: number;
  /** Rank of completion over all stubs of the plan. */
  readonly done?: number;
}

export interface HttpStubPlan {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly exchanges: readonly (Exchange & Pick<HttpEvent, 'method' | 'url' | 'headers' | 'body' | 'outcome'>)[];
}

export interface RedisStubPlan {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly exchanges: readonly (Exchange & Pick<RedisEvent, 'command' | 'outcome' | 'session'>)[];
}

/** The proxy in front of an engine: what it shall answer by itself. Every other statement goes to the engine. */
export interface SqlProxyPlan {
  readonly database: string;
  readonly statements: readonly (Exchange & {
    readonly text: string;
    readonly params: readonly Cell[];
    /** `verbatim`: answer as recorded, the engine never sees it. `pass`: the engine answers, with the recorded latency. */
    readonly how: 'verbatim' | 'pass';
    readonly reason?: string;
    readonly answer?: { readonly ok: SqlResult } | { readonly error: IoError } | { readonly never: true };
  })[];
}
