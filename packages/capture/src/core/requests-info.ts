import type { HeaderList, HttpTrigger, RequestInfo, Trigger } from '@deja/format';
import { bodyOf, pairs } from '../http/http-event.js';
import { localAddressOf } from '../http/local-address.js';
import { rounded } from './clock.js';
import type { Packer } from './packer.js';
import type { ServedExchange } from './scope.js';
import type { PackagedRequest } from './snapshot.js';

/** An incoming request and its answer, or a message that was consumed, as data. */
export function requestInfo({ scope, exchange, message }: PackagedRequest, packer: Packer): RequestInfo {
  if (scope === undefined) return { trigger: { kind: 'start' }, at: 0 };
  const trigger: Trigger = exchange ? httpTrigger(exchange, packer) : (message?.toTrigger(packer) ?? { kind: 'start' });
  return {
    trigger,
    at: rounded(scope.at),
    ...(scope.endedAt === undefined ? {} : { ms: rounded(scope.endedAt - scope.at) }),
    ...(exchange?.response.headersSent ? { response: answered(exchange, packer) } : {}),
  };
}

function httpTrigger({ request, received }: ServedExchange, packer: Packer): HttpTrigger {
  const headers = pairs(request.rawHeaders);
  const { socket } = request;
  const tls = 'encrypted' in socket;
  const method = request.method ?? 'GET';
  const target = originalTarget(request);
  return {
    kind: 'http',
    method,
    target: packer.redactor.url(target),
    httpVersion: request.httpVersion,
    headers: packer.redactor.headers(headers),
    ...(received.seen > 0 ? { body: bodyOf(packer, received, headers, `body of ${method} ${target}`) } : {}),
    local: { ...localAddressOf(socket), ...(tls ? { tls } : {}) },
  };
}

/** Frameworks that mount routers rewrite `url` and keep the original beside it. */
export function originalTarget(request: ServedExchange['request']): string {
  return typeof request.originalUrl === 'string' ? request.originalUrl : (request.url ?? '/');
}

export function answered({ response, sent }: ServedExchange, packer: Packer): NonNullable<RequestInfo['response']> {
  const headers = headersOf(response);
  return {
    status: response.statusCode,
    headers: packer.redactor.headers(headers),
    ...(sent.seen > 0 ? { body: bodyOf(packer, sent, headers, 'body of the answer') } : {}),
  };
}

function headersOf({ _header: written }: ServedExchange['response']): HeaderList {
  if (typeof written !== 'string') return [];
  return written.split('\r\n').slice(1).flatMap((line) => {
    const colon = line.indexOf(':');
    return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1).trim()] as const] : [];
  });
}
