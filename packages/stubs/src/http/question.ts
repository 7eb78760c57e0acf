import type { HeaderList } from '@deja/format';

/** A request as it arrived at a stub. */
export interface HttpQuestion {
  readonly method: string;
  /** Path and query as on the request line. */
  readonly target: string;
  /** Those of HTTP/2 begin with `:authority`; its other pseudo-headers are above. */
  readonly headers: HeaderList;
  /** As much of it as was kept, from its beginning. */
  readonly body: Buffer;
  /** Bytes of the whole. */
  readonly size: number;
  /** Its last bytes, as many as trailers may have. */
  readonly tail: Buffer;
}

/** The value of a header by lower-case name; several are joined. */
export function header(headers: HeaderList, name: string): string | undefined {
  const values = headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(', ');
}
