import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { guarded } from '../core/guard.js';
import { scopeOf } from '../http/server.js';
import { method, override } from '../http/patch.js';
import type { HandledError } from './handled-error.js';

interface Request {
  readonly raw: unknown;
}

interface Fastify {
  addHook(name: 'onError', hook: (request: Request, reply: unknown, error: unknown, done: () => void) => void): void;
  setErrorHandler: unknown;
}

const CHANNEL = 'fastify.initialization';

/**
 * Fastify 4 and 5, by the channel on which it announces each instance. The hook sees errors that are sent; an error handler of the application,
 * which may send something else, sees all.
 */
export function hookFastify(handled: HandledError): Disposable {
  const announced = guarded('Fastify', (message: { readonly fastify: Fastify }) => {
    const { fastify } = message;
    fastify.addHook('onError', (request, _reply, error, done) => {
      handled(scopeOf(request.raw), error);
      done();
    });
    const original = method(fastify, 'setErrorHandler');
    // Instances of plugins inherit it from this one.
    override(fastify, 'setErrorHandler', function setErrorHandler(this: unknown, handler: unknown, ...rest: unknown[]) {
      return original.call(this, typeof handler === 'function' ? seeing(handler, handled) : handler, ...rest);
    });
  }, undefined);
  const listener = (message: unknown): void => announced(message as { readonly fastify: Fastify });
  subscribe(CHANNEL, listener);
  return { [Symbol.dispose]: () => void unsubscribe(CHANNEL, listener) };
}

function seeing(handler: Function, handled: HandledError): unknown {
  const seen = function errorHandler(this: unknown, error: unknown, request: Request, ...rest: unknown[]): unknown {
    handled(scopeOf(request.raw), error);
    return Reflect.apply(handler, this, [error, request, ...rest]);
  };
  return Object.defineProperty(seen, 'name', { value: handler.name });
}
