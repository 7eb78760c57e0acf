import type { OutgoingHttpHeaders } from 'node:http2';
import type { HeaderList } from '@deja/format';

export interface SentHeaders {
  readonly method: string;
  readonly path: string;
  readonly authority: string | undefined;
  readonly headers: HeaderList;
}

/** What a request of HTTP/2 says, from Node's object or its flat list: names in lower case, as on the wire. */
export function sentHeaders(given: OutgoingHttpHeaders | readonly unknown[]): SentHeaders {
  const all = Array.isArray(given) ? flat(given) : Object.entries(given);
  const list = all.flatMap(([name, value]) => {
    if (value === undefined || value === null) return [];
    return (Array.isArray(value) ? value : [value]).map((one) => [name.toLowerCase(), String(one)] as const);
  });
  const pseudo = (name: string): string | undefined => list.find(([key]) => key === name)?.[1];
  return {
    method: pseudo(':method') ?? 'GET',
    path: pseudo(':path') ?? '/',
    authority: pseudo(':authority'),
    headers: list.filter(([name]) => !name.startsWith(':')),
  };
}

function flat(list: readonly unknown[]): [string, unknown][] {
  return list.flatMap((name, index): [string, unknown][] => (index % 2 === 0 ? [[String(name), list[index + 1]]] : []));
}
