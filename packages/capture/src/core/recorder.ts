import type { Body, DatabaseInfo, EventBody, EventKind, ServerInfo } from '@deja/format';

/**
 * What an instrumentation hands over when an exchange begins: references only.
 * `toBody` turns them into the event's data and is called only when a failure is packaged, possibly before the exchange ended.
 */
export interface LiveEvent {
  readonly kind: EventKind;
  toBody(pack: Packing): EventBody;
}

/** Services of the packaging to `toBody`. */
export interface Packing {
  /** Bytes into the form the package wants (text, base64 or blob), cut at the body cap, redacted. */
  body(chunks: readonly Uint8Array[], contentType?: string): Body;
  /** The same for bytes of a protocol that nobody knows, which may carry a secret that only the rest of the package tells. */
  unknown(bytes: Uint8Array): Body;
  /** Redact one value whose name is known (column, header, field). */
  redact(name: string, value: string): string;
  /** Name of a database or server in this package; registers it at first use. */
  database(info: Omit<DatabaseInfo, 'name'>): string;
  server(info: Omit<ServerInfo, 'name'>): string;
  /** Say in the manifest that a bound was hit. */
  limit(message: string): void;
}

/** An exchange under way. */
export interface OpenEvent {
  /** The bytes kept alive by this event grew. False: over budget, keep no more. */
  keep(bytes: number): boolean;
  /** The exchange has ended, well or not. Later calls are ignored. */
  end(): void;
  /** The exchange is not worth telling after all (a connection that was simply established): forget it. No effect after `end`. */
  drop(): void;
  /** Run `fn` in the async context in which the exchange began (pool boundaries, emitters). */
  bind<A extends unknown[], R>(fn: (...args: A) => R): (...args: A) => R;
}

export interface Recorder {
  /** Null when nothing is recorded here (capture off, ring full by policy, inside Deja's own work). Never throws. */
  begin(event: LiveEvent): OpenEvent | null;
  /** Run Deja's own IO without observing it. */
  unobserved<R>(fn: () => R): R;
}
