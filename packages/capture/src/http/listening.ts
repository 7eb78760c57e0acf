import net from 'node:net';
import tls from 'node:tls';
import type { Context } from '@deja/format';
import { guarded } from '../core/guard.js';
import { now } from '../core/clock.js';
import { method, override } from './patch.js';

type Address = Context['listening'][number];

/** Where this process accepts TCP connections. */
export class Listening {
  /** Milliseconds from process start until the first server listened. */
  startMs: number | undefined = undefined;
  readonly #servers = new Map<net.Server, Address>();

  addresses(): readonly Address[] {
    return [...this.#servers.values()];
  }

  /** `onFirst` is called when the first server listens. What is closed again while `starting` was a probe for a free port. */
  install(onFirst: () => void, starting: () => boolean): Disposable {
    const listens = guarded('net.Server', (server: net.Server) => {
      const bound = server.address();
      // Unix sockets and pipes have a name instead.
      if (bound === null || typeof bound === 'string') return;
      const isTls = server instanceof tls.Server;
      this.#servers.set(server, { address: bound.address, port: bound.port, ...(isTls ? { tls: true } : {}) });
      server.once('close', () => {
        if (starting()) this.#servers.delete(server);
      });
      if (this.startMs !== undefined) return;
      this.startMs = now();
      onFirst();
    }, undefined);
    const original = method(net.Server.prototype, 'listen');
    return override(net.Server.prototype, 'listen', function listen(this: net.Server, ...args: unknown[]) {
      // Before the application's own callback, which it passes to `listen` or adds afterwards.
      this.prependOnceListener('listening', () => listens(this));
      return original.apply(this, args);
    });
  }
}
