import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import axios from 'axios';
import got from 'got';
import { request as undiciRequest } from 'undici';
import { bodyOf } from '../scenario.ts';
import type { Answered, Asked, HttpClient } from './http-client.ts';

function abortion({ abortMs }: Asked): { readonly signal?: AbortSignal } {
  if (abortMs === undefined) return {};
  const abort = new AbortController();
  setTimeout(() => abort.abort(), abortMs);
  return { signal: abort.signal };
}

const bytesOf = (body: Asked['body']): Uint8Array | undefined => (typeof body === 'string' ? Buffer.from(body) : body);

const node: HttpClient = {
  name: 'node:http',
  ask: (url, asked) => {
    const request = url.startsWith('https:') ? httpsRequest : httpRequest;
    return new Promise<Answered>((resolve, reject) => {
      const body = bytesOf(asked.body);
      const headers = { ...asked.headers, ...(body && { 'content-length': body.length }) };
      const asking = request(url, { method: asked.method ?? 'GET', headers, agent: false, ...abortion(asked), ...(asked.timeoutMs === undefined ? {} : { timeout: asked.timeoutMs }) });
      asking.on('timeout', () => asking.destroy(new Error('gave up')));
      asking.on('error', reject);
      asking.on('response', (response: IncomingMessage) => {
        bodyOf(response).then((body) => resolve({ status: response.statusCode ?? 0, statusText: response.statusMessage ?? '', headers: response.rawHeaders, body, trailers: response.rawTrailers }), reject);
      });
      asking.end(body);
    });
  },
};

const fetching: HttpClient = {
  name: 'fetch',
  ask: async (url, asked) => {
    const { signal } = asked.timeoutMs === undefined ? abortion(asked) : { signal: AbortSignal.timeout(asked.timeoutMs) };
    const response = await fetch(url, { method: asked.method ?? 'GET', headers: asked.headers ?? {}, ...(asked.body === undefined ? {} : { body: typeof asked.body === 'string' ? asked.body : Buffer.from(asked.body) }), ...(signal ? { signal } : {}) });
    return { status: response.status, statusText: response.statusText, headers: [...response.headers], body: new Uint8Array(await response.arrayBuffer()) };
  },
};

const undici: HttpClient = {
  name: 'undici',
  ask: async (url, asked) => {
    const limits = asked.timeoutMs === undefined ? {} : { headersTimeout: asked.timeoutMs, bodyTimeout: asked.timeoutMs };
    const response = await undiciRequest(url, { method: asked.method ?? 'GET', headers: asked.headers ?? {}, body: bytesOf(asked.body) ?? null, ...limits, ...abortion(asked) });
    const body = new Uint8Array(await response.body.arrayBuffer());
    return { status: response.statusCode, headers: response.headers, body, trailers: response.trailers };
  },
};

const throughAxios: HttpClient = {
  name: 'axios',
  ask: async (url, asked) => {
    const response = await axios.request<ArrayBuffer>({
      url, method: asked.method ?? 'GET', headers: { ...asked.headers }, data: asked.body === undefined ? undefined : Buffer.from(asked.body), responseType: 'arraybuffer',
      ...(asked.timeoutMs === undefined ? {} : { timeout: asked.timeoutMs }), ...abortion(asked),
    });
    return { status: response.status, statusText: response.statusText, headers: Object.entries(response.headers), body: new Uint8Array(response.data) };
  },
};

const throughGot: HttpClient = {
  name: 'got',
  ask: async (url, asked) => {
    const response = await got(url, {
      method: (asked.method ?? 'GET') as 'GET', headers: { ...asked.headers }, retry: { limit: 0 }, responseType: 'buffer', throwHttpErrors: false,
      ...(asked.body === undefined ? {} : { body: Buffer.from(asked.body) }), ...(asked.timeoutMs === undefined ? {} : { timeout: { request: asked.timeoutMs } }), ...abortion(asked),
    });
    return { status: response.statusCode, statusText: response.statusMessage ?? '', headers: response.rawHeaders, body: response.rawBody, trailers: response.rawTrailers };
  },
};

export const HTTP_CLIENTS: readonly HttpClient[] = [node, fetching, undici, throughAxios, throughGot];
