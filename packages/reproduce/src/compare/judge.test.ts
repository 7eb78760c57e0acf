import { describe, expect, it } from 'vitest';
import type { ErrorInfo, ErrorPackage, Failure, FileEvent, IoEvent } from '@deja/format';
import type { Observation } from '@deja/guest';
import { judge, judgeControl } from './judge.js';

const frame = { function: 'canRefund', file: 'src/orders.js', line: 10, column: 3, inApp: true };
const thrown: ErrorInfo = {
  name: 'TypeError',
  message: "Cannot read properties of null (reading 'permissions')",
  frames: [
    frame,
    { function: 'next', file: 'node_modules/koa/index.js', line: 1, column: 1, inApp: false },
  ],
};
const failure: Failure = { origin: 'framework', fatal: false, error: thrown, afterSeq: 1 };
const selectUser: IoEvent = {
  seq: 1,
  kind: 'sql',
  scope: { in: 'request', request: 0 },
  database: 'main',
  session: 1,
  text: 'SELECT * FROM users WHERE id = $1 AND seen < $2',
  params: ['47', '2026-03-01T10:00:00.100Z'],
  outcome: { ok: { command: 'SELECT', rowCount: 1, fields: [{ name: 'id', type: 'int4' }], rows: [['47']] } },
};
function rowsOf(...ids: string[]): IoEvent {
  return { ...selectUser, outcome: { ok: { command: 'SELECT', rowCount: ids.length, fields: [{ name: 'id', type: 'int4' }], rows: ids.map((id) => [id]) } } } as IoEvent;
}

const quiet: Observation = { responses: [], end: null, divergences: [], output: [] };

function observed(changes: Partial<ErrorPackage> = {}, epoch = Date.parse('2026-03-01T10:00:00Z')): ErrorPackage {
  return {
    manifest: {
      deja: 'package/1', id: 'p', service: 's', time: '2026-03-01T10:00:00Z', summary: 'x', counts: { events: 1, requests: 1 }, limits: [],
      capture: { version: '0', mode: 'production', notCaptured: [] },
    },
    failure,
    context: {
      epoch,
      requests: [{ trigger: { kind: 'http', method: 'GET', target: '/', headers: [], local: { address: '127.0.0.1', port: 1 } }, at: 0, ms: 500 }],
      process: { node: '24.0.0', execPath: '/n', execArgv: [], argv: ['a.js'], cwd: '/app', root: '/app', env: {}, platform: 'linux', arch: 'x64', pid: 1 },
      application: { dependencies: {} },
      listening: [],
    },
    databases: [{ name: 'main', engine: 'postgres' }],
    servers: [],
    timeline: [selectUser],
    state: { values: {} },
    blobs: new Map(),
    ...changes,
  };
}

function fileEvent(operation: 'read' | 'write'): FileEvent {
  return { kind: 'file', seq: 1, scope: { in: 'request', request: 0 }, operation, path: '/root/.aws/config', outcome: { ok: {} } };
}

/** Of a capture that sees files. */
function withFiles(...events: readonly IoEvent[]): ErrorPackage {
  const { manifest } = observed();
  return observed({ manifest: { ...manifest, capture: { ...manifest.capture, sources: ['files'] } }, timeline: [selectUser, ...events] });
}

describe('judge', () => {
  it('calls the same failure with the same timeline reproduced', () => {
    expect(judge(observed(), { observation: quiet, replayed: observed() }, false)).toEqual({ verdict: 'reproduced', divergence: null });
  });

  it('does not mind a file that is read for the first time, which the recorded process had read for an earlier request; one that is not read any more, or written, it does', () => {
    const read = fileEvent('read');
    const verdicts = [[withFiles(), withFiles(read)], [withFiles(read), withFiles()], [withFiles(), withFiles(fileEvent('write'))], [withFiles(read), withFiles(read, read)]] as const;
    expect(verdicts.map(([then, now]) => judge(then, { observation: quiet, replayed: now }, false).verdict)).toEqual(['reproduced', 'diverged', 'diverged', 'reproduced']);
  });

  it('accepts a parameter that is a time of the running clock, and no other difference', () => {
    const later = Date.parse('2026-03-01T10:00:00Z') + 50;
    const now = observed({ timeline: [{ ...selectUser, params: ['47', '2026-03-01T10:00:00.163Z'] }] }, later);
    expect(judge(observed(), { observation: quiet, replayed: now }, false).verdict).toBe('reproduced');
    const otherDay = observed({ timeline: [{ ...selectUser, params: ['47', '2026-04-01T10:00:00.163Z'] }] }, later);
    expect(judge(observed(), { observation: quiet, replayed: otherDay }, false)).toMatchObject({ verdict: 'diverged', divergence: { seq: 1, where: 'timeline' } });
  });

  it('does not mind rows in another order, which the engine was free to choose', () => {
    const recorded = observed({ timeline: [rowsOf('1', '2')] });
    expect(judge(recorded, { observation: quiet, replayed: observed({ timeline: [rowsOf('2', '1')] }) }, false)).toMatchObject({ verdict: 'reproduced' });
    expect(judge(recorded, { observation: quiet, replayed: observed({ timeline: [rowsOf('2', '2')] }) }, false)).toMatchObject({ verdict: 'diverged', divergence: { where: 'timeline' } });
  });

  it('names the event whose answer differs', () => {
    const empty: IoEvent = { ...selectUser, outcome: { ok: { command: 'SELECT', rowCount: 0, fields: [{ name: 'id', type: 'int4' }], rows: [] } } };
    const judged = judge(observed(), { observation: quiet, replayed: observed({ timeline: [empty] }) }, false);
    expect(judged.verdict).toBe('diverged');
    expect(judged.divergence).toMatchObject({ seq: 1, summary: expect.stringContaining('ended differently') });
  });

  it('does not take another failure for the same one', () => {
    for (const error of [{ ...thrown, message: 'other' }, { ...thrown, name: 'Error' }, { ...thrown, code: 'E' }, { ...thrown, frames: [{ ...frame, line: 11 }] }]) {
      const judged = judge(observed(), { observation: quiet, replayed: observed({ failure: { ...failure, error } }) }, false);
      expect(judged).toMatchObject({ verdict: 'diverged', divergence: { where: 'failure' } });
    }
  });

  it('lets lines move in changed code, but not functions', () => {
    const moved = { ...thrown, frames: [{ ...frame, line: 99 }] };
    expect(judge(observed(), { observation: quiet, replayed: observed({ failure: { ...failure, error: moved } }) }, true).verdict).toBe('reproduced');
    const elsewhere = { ...thrown, frames: [{ ...frame, function: 'other' }] };
    expect(judge(observed(), { observation: quiet, replayed: observed({ failure: { ...failure, error: elsewhere } }) }, true).verdict).toBe('diverged');
  });

  it('compares the whole chain of causes', () => {
    const withCause = observed({ failure: { ...failure, error: { ...thrown, cause: { ...thrown, name: 'RangeError' } } } });
    expect(judge(withCause, { observation: quiet, replayed: observed() }, false)).toMatchObject({ verdict: 'diverged', divergence: { summary: 'error: another cause' } });
  });

  it('tells a healthy answer from a replay that left the recording', () => {
    const healthy = observed({ failure: null });
    expect(judge(observed(), { observation: quiet, replayed: healthy }, false).verdict).toBe('not-reproduced');
    const astray = observed({ failure: null, timeline: [] });
    expect(judge(observed(), { observation: quiet, replayed: astray }, false).verdict).toBe('diverged');
    expect(judge(observed(), { observation: quiet, replayed: astray }, true).verdict).toBe('not-reproduced');
  });

  it('is inconclusive, with the reason, when nothing was recorded', () => {
    const judged = judge(observed(), { observation: { ...quiet, responses: [{ request: 0, ms: 1, error: 'socket hang up' }] }, replayed: null }, false);
    expect(judged).toMatchObject({ verdict: 'inconclusive', divergence: { summary: expect.stringContaining('socket hang up') } });
  });

  it('calls a process that lives on, and ended by itself then, not reproduced', () => {
    const alone = observed({ failure: { ...failure, fatal: true, at: 900 }, context: { ...observed().context, requests: [{ trigger: { kind: 'start' }, at: 0 }] } });
    expect(judge(alone, { observation: quiet, replayed: null }, false)).toMatchObject({ verdict: 'not-reproduced', divergence: { summary: 'the process did not end' } });
    expect(judge(alone, { observation: { ...quiet, end: { kind: 'timed-out' } }, replayed: null }, false).verdict).toBe('inconclusive');
    // So long nobody waited.
    const old = { ...alone, failure: { ...failure, fatal: true, at: 3_600_000 } };
    expect(judge(old, { observation: quiet, replayed: null }, false).verdict).toBe('inconclusive');
  });

  it('does not take the end of the process for a failed answer', () => {
    const crashed = observed({ failure: { ...failure, fatal: true } });
    expect(judge(crashed, { observation: quiet, replayed: observed() }, false)).toMatchObject({ verdict: 'diverged', divergence: { summary: 'the process did not end' } });
  });
});

describe('judgeControl', () => {
  it('asks only whether the same failure still happens', () => {
    expect(judgeControl(observed(), { observation: quiet, replayed: observed({ timeline: [] }) }, false).verdict).toBe('reproduced');
    expect(judgeControl(observed(), { observation: quiet, replayed: observed({ failure: null }) }, false).verdict).toBe('not-reproduced');
    expect(judgeControl(observed(), { observation: quiet, replayed: observed({ failure: { ...failure, error: { ...thrown, message: 'x' } } }) }, false).verdict).toBe('not-reproduced');
  });
});
