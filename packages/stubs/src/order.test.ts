import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { machineClock } from './clock.js';
import { createJournal, type Journal } from './journal.js';
import { createReleaseOrder, type ReleaseOrder } from './order.js';

function make(patienceMs?: number): { readonly order: ReleaseOrder; readonly journal: Journal; readonly stop: AbortController } {
  const stop = new AbortController();
  const journal = createJournal({});
  return { order: createReleaseOrder(journal, machineClock, stop.signal, patienceMs), journal, stop };
}

describe('release order', () => {
  it('lets answers out in the recorded order, in whatever order they are due', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(50), { minLength: 1, maxLength: 10 }), fc.infiniteStream(fc.nat()), async (ranks, shuffle) => {
        const { order, journal } = make();
        const out: number[] = [];
        const turns = ranks.map((done, index) => ({ done, turn: order.enter({ seq: index + 1, repeat: false, done }, 'stub'), key: shuffle.next().value }));
        await Promise.all(
          turns
            .toSorted((a, b) => a.key - b.key)
            .map(async ({ done, turn }) => {
              await turn.wait();
              out.push(done);
              turn.leave();
            }),
        );
        expect(out).toEqual(ranks.toSorted((a, b) => a - b));
        expect(journal.divergences).toEqual([]);
      }),
    );
  });

  it('does not wait for what was never seen to finish, nor for background work', async () => {
    const { order } = make();
    order.enter({ seq: 1, repeat: false }, 'stub');
    order.enter({ seq: 3, repeat: true, done: 1 }, 'stub');
    await order.enter({ seq: 2, repeat: false, done: 9 }, 'stub').wait();
  });

  it('loses patience, and says so', async () => {
    const { order, journal } = make(20);
    order.enter({ seq: 1, repeat: false, done: 1 }, 'other');
    await order.enter({ seq: 2, repeat: false, done: 2 }, 'stub').wait();
    expect(journal.divergences).toMatchObject([{ stub: 'stub', asked: 'event 2', reason: expect.stringContaining('answered before event 1') as string }]);
  });

  it('holds nobody once the stubs are stopped', async () => {
    const { order, stop, journal } = make();
    order.enter({ seq: 1, repeat: false, done: 1 }, 'other');
    const waiting = order.enter({ seq: 2, repeat: false, done: 2 }, 'stub').wait();
    stop.abort();
    await waiting;
    expect(journal.divergences).toEqual([]);
  });
});
