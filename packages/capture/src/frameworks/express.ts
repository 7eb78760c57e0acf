import { hookModule } from '../hooks/module-hooks.js';
import { scopeOf } from '../http/server.js';
import { method, override } from '../http/patch.js';
import type { HandledError } from './handled-error.js';

interface Router {
  use(handler: () => void): void;
  readonly stack: readonly [{ readonly constructor: { readonly prototype: object } }];
}

const patched = new WeakSet<object>();

/**
 * Express 4 and 5. An error passes the layers that follow (`handle_error`, `handleError`), and what no layer handles ends in `finalhandler`.
 * Requests without errors go through neither, so that they pay nothing.
 */
export function hookExpress(handled: HandledError): void {
  hookModule('express', (exports) => patchLayers(exports as { Router(): Router }, handled), { versions: '>=4 <6' });
  hookModule('finalhandler', (exports) => wrapFinalHandler(exports, handled), { versions: '>=1 <3' });
}

function patchLayers(express: { Router(): Router }, handled: HandledError): void {
  const router = express.Router();
  router.use(() => {});
  // The class of layers is not exported.
  const layer = router.stack[0].constructor.prototype;
  if (patched.has(layer)) return;
  patched.add(layer);
  for (const name of ['handle_error', 'handleError'] as const) {
    if (!(name in layer)) continue;
    const original = method(layer, name);
    override<Record<string, unknown>>(layer as Record<string, unknown>, name, function layerError(this: unknown, error: unknown, request: unknown, ...rest: unknown[]) {
      handled(scopeOf(request), error);
      return original.call(this, error, request, ...rest);
    });
  }
}

function wrapFinalHandler(exports: unknown, handled: HandledError): unknown {
  if (typeof exports !== 'function') return exports;
  return function finalhandler(this: unknown, request: unknown, ...rest: unknown[]): unknown {
    const done: unknown = Reflect.apply(exports, this, [request, ...rest]);
    if (typeof done !== 'function') return done;
    return function final(this: unknown, error: unknown, ...more: unknown[]): unknown {
      if (error) handled(scopeOf(request), error);
      return Reflect.apply(done, this, [error, ...more]);
    };
  };
}
