import { describe, expect, it } from 'vitest';
import { compare } from './harness.ts';
import { streamScenarios } from './streams.scenarios.ts';

describe('streams, informational answers, codings and aborts, recorded and replayed', () => {
  it.each(streamScenarios)('$name', async (scenario) => {
    const { recorded, replayed, divergences, notes } = await compare(scenario);
    expect(replayed).toEqual(recorded);
    expect({ divergences, notes }).toEqual({ divergences: [], notes: [] });
  });
});
