import { outcomeOf, seenBytes, timingClass } from '../seen.ts';

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Milliseconds until the client gives up; default: never. */
  readonly timeoutMs?: number;
  /** Milliseconds after which the caller takes its request back. */
  readonly abortMs?: number;
}

export interface Answered {
  readonly status: number;
  readonly statusText?: string;
  readonly headers: unknown;
  readonly body: Uint8Array;
  readonly trailers?: unknown;
}

/** A library that asks over HTTP, as its users use it. It throws as the library does. */
export interface HttpClient {
  readonly name: string;
  readonly ask: (url: string, asked: Asked) => Promise<Answered>;
}

/** What the user of a client sees of one exchange. */
export async function seenExchange(client: HttpClient, url: string, asked: Asked = {}): Promise<unknown> {
  const began = performance.now();
  const outcome = await outcomeOf(async () => {
    const { body, ...head } = await client.ask(url, asked);
    return { ...head, body: seenBytes(body) };
  });
  return { ...(outcome as object), took: timingClass(performance.now() - began) };
}
