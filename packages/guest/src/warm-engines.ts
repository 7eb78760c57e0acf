import type { StartedPostgres } from '@deja/fixtures/postgres';
import type { PostgresEngine } from './plan.js';

/** Servers that run before a plan asks for them, each for one use. */
export class WarmEngines {
  readonly #servers = new Map<string, StartedPostgres>();

  /** @throws DejaError DEJA_POSTGRES_START */
  async start(engine: PostgresEngine): Promise<void> {
    const { startPostgres } = await import('@deja/fixtures/postgres');
    this.#servers.set(keyOf(engine), await startPostgres({ binaries: engine.binaries, template: engine.template }));
  }

  /** A server of this kind, which belongs to the caller from now on. */
  take(engine: PostgresEngine): StartedPostgres | undefined {
    const key = keyOf(engine);
    const server = this.#servers.get(key);
    this.#servers.delete(key);
    return server;
  }

  /** Ends those that nobody took. */
  async stop(): Promise<void> {
    await Promise.all([...this.#servers.values()].map(async (server) => server.stop()));
    this.#servers.clear();
  }
}

function keyOf({ binaries, template }: PostgresEngine): string {
  return JSON.stringify([binaries, template]);
}
