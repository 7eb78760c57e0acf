import childProcess, { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { EventBody, ProcessAnswer } from '@deja/format';
import { TimelineRecorder } from '../core/timeline-recorder.js';
import { DEFAULT_LIMITS } from '../core/config.js';
import { Packer } from '../core/packer.js';
import { policyOf } from '../redact/policy.js';
import { Redactor } from '../redact/redactor.js';
import { ProgramAnswers } from './answers.js';
import { installProcesses } from './install-processes.js';

const folder = mkdtempSync(join(tmpdir(), 'deja-processes-'));
const file = join(folder, 'replay.json');
const installed: Disposable[] = [];
afterEach(() => {
  for (const one of installed.splice(0)) one[Symbol.dispose]();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Observes this process; with answers, as in a replay. What was told so far. */
function observe(answers?: readonly ProcessAnswer[]): () => readonly EventBody[] {
  const recorder = new TimelineRecorder(DEFAULT_LIMITS);
  if (answers) writeFileSync(file, JSON.stringify({ requests: [], processes: answers }));
  installed.push(installProcesses(recorder, 1000, answers ? new ProgramAnswers(answers, file) : null));
  return () => recorder.boot.entries.map(({ live }) => live.toBody(new Packer(new Redactor({ policy: policyOf(undefined) }), 1000)));
}

const answer = (command: readonly string[], part: Partial<ProcessAnswer> = {}): ProcessAnswer => ({ seq: 1, command, pieces: [], ms: 0, code: 0, repeat: false, ...part });
const text = (value: string): string => Buffer.from(value).toString('base64');

async function outcome(child: ChildProcess): Promise<{ readonly code: number | null; readonly said: string }> {
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes: Buffer) => (said += bytes.toString()));
  child.stdin?.on('error', () => undefined);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}

/** What `sort` gives for its input. */
const given = async (input: string): Promise<{ readonly code: number | null; readonly said: string }> => {
  const child = childProcess.spawn('sort');
  child.stdin.end(input);
  return await outcome(child);
};

describe('programs in production', () => {
  it('that are not there, that fail, and that are forks, which are not followed', async () => {
    const told = observe();
    await expect(promisify(childProcess.execFile)('no-such-program', ['--password', 'Hunter2hunter2'])).rejects.toMatchObject({ code: 'ENOENT' });
    expect(() => childProcess.execFileSync('no-such-program')).toThrow('spawnSync no-such-program ENOENT');
    expect(childProcess.spawnSync('sh', ['-c', 'cat; exit 4'], { input: 'in' }).status).toBe(4);
    const forked = childProcess.fork('-e', [], { execArgv: ['-e', '0'], stdio: 'ignore' });
    await once(forked, 'exit');
    const [missing, sync, failed, ...others] = told();
    expect(missing).toMatchObject({ file: 'no-such-program', args: ['--password', expect.stringContaining('redacted')], outcome: { error: { code: 'ENOENT' } } });
    expect(sync).toMatchObject({ sync: true, outcome: { error: { code: 'ENOENT' } } });
    expect(failed).toMatchObject({ file: 'sh', input: { text: 'in' }, outcome: { ok: { code: 4, pieces: [{ from: 'stdout', body: { text: 'in' } }] } } });
    expect(others).toEqual([]);
  });

  it('what they say beyond the bound is counted and not kept', async () => {
    const told = observe();
    await outcome(childProcess.spawn('sh', ['-c', 'head -c 5000 /dev/zero']));
    expect(told()).toMatchObject([{ outcome: { ok: { code: 0, pieces: [] } } }]);
  });
});

describe('programs in a replay', () => {
  it('that were not run in the recording, or with other arguments, are not run either', async () => {
    observe([answer(['echo', 'a'])]);
    const missed = await outcome(childProcess.spawn('echo', ['b']));
    expect(missed).toEqual({ code: 113, said: 'deja: divergence: this program was not run in the recording: echo b\n' });
    expect((await outcome(childProcess.spawn('echo', ['a']))).code).toBe(0);
    expect((await outcome(childProcess.spawn('echo', ['a']))).code).toBe(113);
    expect(() => childProcess.execSync('echo b', { stdio: 'pipe' })).toThrow('deja: divergence');
  });

  it('that are given other input, or less of it, end with a divergence', async () => {
    observe([1, 2, 3].map((seq) => answer(['sort'], { seq, input: text('b\na\n'), pieces: [{ from: 'stdout', ms: 0, after: 4, base64: text('a\nb\n') }] })));
    expect(await given('b\na\n')).toEqual({ code: 0, said: 'a\nb\n' });
    expect(await given('b\nc\n')).toEqual({ code: 113, said: 'deja: divergence: other input than in event 2, which had 4 bytes of it\n' });
    expect(await given('b\n')).toEqual({ code: 113, said: 'deja: divergence: less input than in event 3: 2 bytes instead of 4\n' });
  });

  it('end as they ended, and look as they looked', async () => {
    observe([
      answer(['convert', 'x'], { code: 2, pieces: [{ from: 'stderr', ms: 0, base64: text('no x\n') }] }),
      answer(['gone'], { error: 'ENOENT' }),
      answer(['sh', '-c', 'kill'], { signal: 'SIGKILL' }),
      answer(['/bin/sh', '-c', String.raw`at \d+`], { repeat: true, pieces: [{ from: 'stdout', ms: 0, base64: text('on') }] }),
    ]);
    await expect(promisify(childProcess.execFile)('convert', ['x'])).rejects.toMatchObject({ message: 'Command failed: convert x\nno x\n', code: 2 });
    await expect(promisify(childProcess.execFile)('gone')).rejects.toMatchObject({ message: 'spawn gone ENOENT', path: 'gone', syscall: 'spawn gone', spawnargs: [] });
    expect(childProcess.spawnSync('sh', ['-c', 'kill'])).toMatchObject({ status: null, signal: 'SIGKILL' });
    expect([1, 2].map((number) => childProcess.execSync(`at ${number}`).toString())).toEqual(['on', 'on']);
  });
});
