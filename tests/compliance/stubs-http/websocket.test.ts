import { describe, expect, it } from 'vitest';
import { compare } from './harness.ts';
import { saying, webSocketScenarios } from './websocket.scenarios.ts';

describe('WebSocket with ws and with Node\'s own, recorded and replayed', () => {
  it.each(webSocketScenarios)('$name', async (scenario) => {
    const { recorded, replayed, divergences, notes } = await compare(scenario);
    expect(replayed).toEqual(recorded);
    expect({ divergences, notes }).toEqual({ divergences: [], notes: [] });
  });

  it('closes with 1011 when the client says what was not recorded, and says what it was', async () => {
    const [scenario] = webSocketScenarios;
    if (!scenario) throw new Error('no scenario');
    const { replayed, divergences } = await compare(scenario, saying(['one', 'three']));
    expect(replayed).toEqual([
      ['upgrade', 101, undefined], ['open', '', ''], ['message', false, 're: one', 7],
      ['close', 1011, 'Deja: not in the recording: message 2: "three" instead of "two"'],
    ]);
    expect(divergences.map(({ nearest }) => nearest)).toMatchObject([{ seq: 1, difference: 'message 2: "three" instead of "two"' }]);
  });
});
