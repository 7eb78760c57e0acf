import { describe, expect, it } from 'vitest';
import { chat, grpcScenarios, withClient } from './grpc.scenarios.ts';
import { observe } from '../../support/observed-app.ts';
import { compare } from './harness.ts';

describe('gRPC with @grpc/grpc-js, recorded and replayed', () => {
  it.each(grpcScenarios)('$name', async (scenario) => {
    const { recorded, replayed, divergences, notes } = await compare(scenario);
    expect(replayed).toEqual(recorded);
    expect({ divergences, notes }).toEqual({ divergences: [], notes: [] });
  });

  it('closes the stream when a later message is another one, and says which', async () => {
    const scenario = grpcScenarios.find(({ name }) => name.startsWith('bidirectional: a question'));
    if (!scenario) throw new Error('no scenario');
    const { replayed, divergences } = await compare(scenario, (port) => withClient(port, chat(['one', 'other', 'three'])));
    expect(replayed).toContainEqual(['data', 're: one']);
    expect(replayed).not.toContainEqual(['data', 're: two']);
    expect(replayed).toContainEqual(['status', 13, expect.any(String), {}]);
    expect(divergences).toMatchObject([{ nearest: { seq: 1, difference: expect.stringMatching(/^message 2: body from byte /) as string } }]);
  });

  it('puts every call into the request that made it, though all wait for one connection', async () => {
    const { events, stderr } = await observe({
      type: 'cjs',
      instrument: { 'http/http2/client.js': 'installHttp2Client', 'http/grpc.js': 'installGrpc' },
      source: `
        const { Client, Server, ServerCredentials, credentials } = require('@grpc/grpc-js');
        const same = (bytes) => bytes;
        const method = { path: '/a.B/C', requestStream: false, responseStream: false, requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same };
        const server = new Server();
        server.addService({ c: method }, { c: (call, done) => done(null, call.request) });
        server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_, port) => {
          const client = new Client('localhost:' + port, credentials.createInsecure());
          const ask = (n) => inRequest(n, () => new Promise((resolve) => client.makeUnaryRequest('/a.B/C', same, same, Buffer.from(String(n)), resolve)));
          Promise.all([1, 2, 3].map(ask)).then(() => { client.close(); server.forceShutdown(); });
        });
      `,
    });
    expect(stderr).toBe('');
    const calls = events.filter((event) => event.kind === 'http').map(({ request, body }) => [request, body && 'text' in body ? body.text.at(-1) : undefined]);
    expect(new Map(calls as [number, string][])).toEqual(new Map([[1, '1'], [2, '2'], [3, '3']]));
    expect(calls).toHaveLength(3);
  });
});
