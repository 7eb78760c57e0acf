import { describe, expect, it } from 'vitest';
import { compare } from './harness.ts';
import { http2Scenarios } from './http2.scenarios.ts';

describe('HTTP/2 with node:http2, recorded and replayed', () => {
  it.each(http2Scenarios)('$name', async (scenario) => {
    const { recorded, replayed, divergences, notes, limits } = await compare(scenario);
    expect(replayed).toEqual(recorded);
    expect({ divergences, notes, limits }).toEqual({ divergences: [], notes: [], limits: [] });
  });
});
