import { hash } from 'node:crypto';
import type { Body } from '@deja/format';
import { isIdentifier, replaceWords } from '../generated/shape.js';
import type { Difference, Keys } from '../ledger.js';
import type { HttpExchange } from '../plan.js';
import { differentBody, differentPairs } from './compare-body.js';
import { sameValue } from '../same-value.js';
import { differentHeaders } from './compare-headers.js';
import { header, type HttpQuestion } from './question.js';
import { signingNames } from './signed-query.js';

/** The first difference between a recorded request and one that arrived, or null when they ask the same. */
export function differentRequest(recorded: HttpExchange, asked: HttpQuestion, bytes: (body: Body | undefined) => Buffer): Difference | null {
  const head = differentHead(recorded, asked);
  if (head) return head;
  const body = differentBody(recorded, bytes(recorded.body), { headers: asked.headers, bytes: asked.body, size: asked.size, tail: asked.tail });
  if (body) return { distance: 1, text: body };
  const headers = differentHeaders(recorded, asked.headers);
  return headers ? { distance: 0.5, text: headers } : null;
}

/** The same of what a request begins with: authority, path, method, query. */
export function differentHead(recorded: HttpExchange, asked: Omit<HttpQuestion, 'body' | 'size' | 'tail'>): Difference | null {
  const { url, authority, path: recordedPath, query: recordedQuery } = partsOf(recorded);
  const [path, query] = split(asked.target);
  const askedAuthority = withoutDefaultPort(header(asked.headers, ':authority') ?? header(asked.headers, 'host') ?? '', url);
  if (askedAuthority !== authority) return { distance: 6, text: `authority ${askedAuthority} instead of ${authority}` };
  if (path !== recordedPath && !sameValue(url.pathname, pathname(path), recorded)) return { distance: 4 - likeness(path, recordedPath) + (asked.method === recorded.method ? 0 : 1), text: `path ${path} instead of ${recordedPath}` };
  if (asked.method !== recorded.method) return { distance: 2.9, text: `method ${asked.method} instead of ${recorded.method}` };
  const pairs = query === recordedQuery ? null : differentPairs(recordedQuery, query, 'query parameter', recorded, signingNames(new URLSearchParams(recordedQuery)));
  return pairs ? { distance: 2, text: pairs } : null;
}

/** Which recorded requests one that arrived can be equal to at all, and which it is equal to to the letter. */
export function httpKeys(bytes: (body: Body | undefined) => Buffer): Keys<HttpExchange, HttpQuestion> {
  return {
    group: {
      ofExchange: (exchange) => `${exchange.method} ${pathShape(partsOf(exchange).path)}`,
      ofQuestion: ({ method, target }) => `${method} ${pathShape(split(target)[0])}`,
    },
    letter: {
      ofExchange: (exchange) => letterOf(recordedTarget(exchange.url), bytes(exchange.body)),
      ofQuestion: ({ target, body }) => letterOf(target, body),
    },
  };
}

/** Identifiers in it may be generated, times read from the clock. */
function pathShape(path: string): string {
  return replaceWords(pathname(path), (word) => (isIdentifier(word) ? `(${word.length})` : word.replaceAll(/\d/g, '0')));
}

function letterOf(target: string, body: Buffer): string {
  return `${target} ${hash('sha1', body)}`;
}

export function describeExchange(exchange: HttpExchange): string {
  return `${exchange.method} ${exchange.url}`;
}

interface Parts {
  readonly url: URL;
  readonly authority: string;
  readonly path: string;
  readonly query: string;
}

/** Every request is compared with many exchanges: each is taken apart once. */
const known = new WeakMap<HttpExchange, Parts>();

function partsOf(recorded: HttpExchange): Parts {
  const parts = known.get(recorded);
  if (parts) return parts;
  const url = new URL(recorded.url);
  const [path, query] = split(recordedTarget(recorded.url));
  const made = { url, authority: authorityOf(recorded, url), path, query };
  known.set(recorded, made);
  return made;
}

/** What stands after the authority, unchanged: a URL object would rewrite it. */
function recordedTarget(url: string): string {
  const rest = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^#]*)/i.exec(url)?.[1] ?? '';
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** A client may name another host than the one it connects to; the header then says so. */
function authorityOf(recorded: HttpExchange, url: URL): string {
  return withoutDefaultPort(header(recorded.headers, ':authority') ?? header(recorded.headers, 'host') ?? url.host, url);
}

function withoutDefaultPort(authority: string, url: URL): string {
  return authority.toLowerCase().replace(url.protocol === 'https:' ? /:443$/ : /:80$/, '');
}

/** A path as a URL object writes it; capture may have written it so, or not. */
function pathname(path: string): string {
  return URL.parse(`http://host${path}`)?.pathname ?? path;
}

function split(target: string): [string, string] {
  const at = target.indexOf('?');
  return at === -1 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
}

/** Between 0 and 1: how much of the longer path both begin with. */
function likeness(a: string, b: string): number {
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same++;
  return same / Math.max(a.length, b.length, 1);
}
