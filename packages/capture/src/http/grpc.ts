import { AsyncLocalStorage } from 'node:async_hooks';
import { guarded } from '../core/guard.js';
import type { Recorder } from '../core/recorder.js';
import { hookModule } from '../hooks/module-hooks.js';
import { claimConnectionsOf } from '../net/claims.js';
import { ConnectionExchange } from './http2/session.js';
import { method } from './patch.js';

const CONTEXT = Symbol('deja.context');
const FILES = 'build/src/';

interface Waiting {
  [CONTEXT]?: ReturnType<typeof AsyncLocalStorage.snapshot>;
}

/**
 * gRPC makes its calls with Node's HTTP/2 client, where they are observed. Here is what cannot be seen from there: a call that waits for the channel
 * goes on in whatever made the channel ready, and gRPC dials by itself.
 */
export function installGrpc(recorder: Recorder): Disposable {
  let stopped = false;
  hook('load-balancing-call', 'LoadBalancingCall', (prototype) => inOwnContext(prototype, 'start', 'doPick'));
  hook('resolving-call', 'ResolvingCall', (prototype) => inOwnContext(prototype, 'start', 'getConfig'));
  hook('transport', 'Http2SubchannelConnector', (prototype) => {
    const dial = method(prototype, 'connect') as (this: unknown, ...args: unknown[]) => Promise<unknown>;
    const begun = guarded('connections of gRPC', (address: unknown, connector: unknown) => {
      if (stopped) return null;
      const exchange = new ConnectionExchange(originOf(address, connector));
      return exchange.begin(recorder) ? exchange : null;
    }, null);
    Reflect.set(prototype, 'connect', function connect(this: unknown, ...args: unknown[]) {
      const exchange = begun(args[0], args[1]);
      const connected = dial.apply(this, args);
      if (exchange) connected.then(() => exchange.dropped(), (error: unknown) => exchange.broke(error));
      return connected;
    });
  });
  return {
    [Symbol.dispose]() {
      stopped = true;
    },
  };
}

function hook(file: string, name: string, patch: (prototype: object) => void): void {
  hookModule('@grpc/grpc-js', (exports) => {
    patch((Reflect.get(exports as object, name) as { prototype: object }).prototype);
    claimConnectionsOf('@grpc/grpc-js');
  }, { file: `${FILES}${file}`, versions: '>=1.8.0 <2' });
}

/** Have `later` run in the context in which `first` was called on the same object, whoever calls it. */
function inOwnContext(prototype: object, first: string, later: string): void {
  const [begin, goOn] = [method(prototype, first), method(prototype, later)];
  Reflect.set(prototype, first, function started(this: Waiting, ...args: unknown[]) {
    this[CONTEXT] ??= AsyncLocalStorage.snapshot();
    return begin.apply(this, args);
  });
  Reflect.set(prototype, later, function continued(this: Waiting, ...args: unknown[]) {
    const run = this[CONTEXT];
    return run ? run(() => goOn.apply(this, args)) : goOn.apply(this, args);
  });
}

function originOf(address: unknown, connector: unknown): string {
  const { host = 'localhost', port = 0 } = address as { readonly host?: string; readonly port?: number };
  // Before 1.12 the credentials themselves were handed over.
  const { constructor, _isSecure } = connector as { readonly constructor: { readonly name: string }; readonly _isSecure?: () => boolean };
  const secure = constructor.name === 'SecureConnectorImpl' || (typeof _isSecure === 'function' && _isSecure.call(connector));
  return `${secure ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
