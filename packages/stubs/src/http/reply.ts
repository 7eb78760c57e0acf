import type { HeaderList, HttpResponse } from '@deja/format';

/** The way back to a client, in whichever version of HTTP it speaks. */
export interface Reply {
  /** Pieces keep their borders only as far as time separates them. */
  readonly joinsPieces: boolean;
  /** The client has gone. */
  readonly gone: boolean;
  informational(status: number, headers: HeaderList): void;
  /** `now`: the body comes later; `last`: nothing follows. */
  head(recorded: Partial<HttpResponse>, how: { readonly now: boolean; readonly last: boolean }): void;
  /** Resolves when more may be sent; false: the client has gone. */
  piece(bytes: Buffer): Promise<boolean>;
  end(trailers: HeaderList): void;
  /** The server takes no more requests on this connection. */
  goAway(code: number): void;
  /** The exchange ends with this error code; the connection goes on where the version of HTTP allows that. */
  abort(code: number): void;
  /** Bytes that are no HTTP. */
  garble(bytes: Buffer): void;
  /** A head that grows until its client has had enough of it. */
  overflow(): void;
  /** The connection ends, in order or by a reset. */
  hangUp(how: 'fin' | 'rst'): void;
  /** A request that was not recorded: answered by an error, and nothing more. */
  refuse(text: string): void;
}

export const REFUSAL = { status: 599, statusText: 'Not In The Recording', headers: { 'content-type': 'text/plain; charset=utf-8', 'x-deja-divergence': '1' } } as const;
