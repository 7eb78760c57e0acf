import { hookModule } from '../hooks/module-hooks.js';
import { scopeOf } from '../http/server.js';
import { override, parentOf } from '../http/patch.js';
import type { HandledError } from './handled-error.js';

/** Koa 2 and 3: every error of a request, also one that a middleware reports itself, is emitted on the application with its context. */
export function hookKoa(handled: HandledError): void {
  hookModule('koa', (exports) => {
    const application = classOf(exports);
    if (!application) return;
    const prototype = application.prototype as Record<string, unknown>;
    override(prototype, 'emit', function emit(this: unknown, ...args: unknown[]) {
      const context = args[2];
      if (args[0] === 'error' && typeof context === 'object' && context !== null && 'req' in context) handled(scopeOf(context.req), args[1]);
      return parentOf<'emit'>(prototype).emit.apply(this, args);
    });
  }, { versions: '>=2 <4' });
}

function classOf(exports: unknown): Function | undefined {
  if (typeof exports === 'function') return exports;
  const inner = typeof exports === 'object' && exports !== null && 'default' in exports ? exports.default : undefined;
  return typeof inner === 'function' ? inner : undefined;
}
