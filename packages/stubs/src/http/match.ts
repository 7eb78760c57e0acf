import type { Body } from '@deja/format';
import type { Difference } from '../ledger.js';
import type { HttpExchange } from '../plan.js';
import { differentBody, differentPairs } from './compare-body.js';
import { differentHeaders } from './compare-headers.js';
import { header, type HttpQuestion } from './question.js';

/** Signatures and their time in the query of a presigned URL. */
const SIGNING = /^x-amz-(algorithm|credential|date|expires|signature|signedheaders|security-token)$/i;

/** The first difference between a recorded request and one that arrived, or null when they ask the same. */
export function differentRequest(recorded: HttpExchange, asked: HttpQuestion, bytes: (body: Body | undefined) => Buffer): Difference | null {
  const url = new URL(recorded.url);
  const [path, query] = split(asked.target);
  const [recordedPath, recordedQuery] = split(recordedTarget(recorded.url));

  const authority = authorityOf(recorded, url);
  const askedAuthority = withoutDefaultPort(header(asked.headers, 'host') ?? '', url);
  if (askedAuthority !== authority) return { distance: 6, text: `authority ${askedAuthority} instead of ${authority}` };
  if (path !== recordedPath && normalised(path, url) !== url.pathname) return { distance: 4 - likeness(path, recordedPath) + (asked.method === recorded.method ? 0 : 1), text: `path ${path} instead of ${recordedPath}` };
  if (asked.method !== recorded.method) return { distance: 2.9, text: `method ${asked.method} instead of ${recorded.method}` };
  const pairs = query === recordedQuery ? null : differentPairs(recordedQuery, query, 'query parameter', recorded, (name) => SIGNING.test(name));
  if (pairs) return { distance: 2, text: pairs };
  const body = differentBody(recorded, bytes(recorded.body), { headers: asked.headers, bytes: asked.body });
  if (body) return { distance: 1, text: body };
  const headers = differentHeaders(recorded, asked.headers);
  return headers ? { distance: 0.5, text: headers } : null;
}

export function describeExchange(exchange: HttpExchange): string {
  return `${exchange.method} ${exchange.url}`;
}

/** What stands after the authority, unchanged: a URL object would rewrite it. */
function recordedTarget(url: string): string {
  const rest = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^#]*)/i.exec(url)?.[1] ?? '';
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** A client may name another host than the one it connects to; the header then says so. */
function authorityOf(recorded: HttpExchange, url: URL): string {
  return withoutDefaultPort(header(recorded.headers, 'host') ?? url.host, url);
}

function withoutDefaultPort(authority: string, url: URL): string {
  return authority.toLowerCase().replace(url.protocol === 'https:' ? /:443$/ : /:80$/, '');
}

/** Capture may have written the URL as a URL object does. */
function normalised(path: string, base: URL): string {
  return URL.canParse(path, base.origin) ? new URL(path, base.origin).pathname : path;
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
