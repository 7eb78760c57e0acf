import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Authority } from '../authority/authority.js';
import type { MongodbStubPlan } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { MongodbConnection } from './connection.js';
import { MongodbRecording } from './recording.js';

/** A server that answers as the MongoDB at one address was recorded to have answered; not listening yet. */
export function createMongodbStub(plans: readonly MongodbStubPlan[], authority: Authority, runtime: StubRuntime): Server {
  const hello = plans.find((plan) => plan.hello !== undefined)?.hello;
  const recording = new MongodbRecording(`mongodb ${plans.map((plan) => plan.name).join(', ')}`, hello, plans.flatMap((plan) => plan.exchanges), runtime);
  let connections = 0;
  const accept = (socket: Socket): void => {
    connections++;
    // The connection lives by its socket's events.
    void new MongodbConnection(socket, recording, runtime, connections);
  };
  if (!plans.some((plan) => plan.tls)) return createServer(accept);
  const own = authority.certificate([...new Set(plans.map((plan) => plan.host))]);
  return createTlsServer({ key: own.key, cert: own.cert, SNICallback: (name, done) => done(null, authority.certificate([name]).context) }, accept);
}
