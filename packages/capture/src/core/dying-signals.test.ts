import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const MODULE = join(import.meta.dirname, '..', '..', 'dist', 'core', 'dying-signals.js');
const ALIVE = 'setTimeout(() => process.exit(7), 1500);';
const DIES = `${ALIVE} setTimeout(() => process.kill(process.pid, 'SIGTERM'), 700);`;

/** How a process ends in which `body` runs. */
async function endOf(body: string): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly said: string }> {
  const script = `
    import { DyingSignals } from ${JSON.stringify(MODULE)};
    const signals = new DyingSignals(() => console.log('finished'));
    ${body}`;
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ['--input-type=module', '-e', script], (_, said) => resolve({ code: child.exitCode, signal: child.signalCode, said }));
  });
}

it('a signal that came while it listened is heard, though nothing is under way when it is read', async () => {
  const blocked = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);';
  expect(await endOf(`${ALIVE} signals.arm(); process.kill(process.pid, 'SIGTERM'); ${blocked} signals.disarm();`)).toEqual({ code: null, signal: 'SIGTERM', said: 'finished\n' });
});

it('nothing is listened to any more soon after', async () => {
  expect(await endOf(`${DIES} signals.arm(); signals.disarm();`)).toEqual({ code: null, signal: 'SIGTERM', said: '' });
});

it('armed again, it goes on listening', async () => {
  expect(await endOf(`${DIES} signals.arm(); signals.disarm(); setTimeout(() => signals.arm(), 20);`)).toEqual({ code: null, signal: 'SIGTERM', said: 'finished\n' });
});

it('the process is not kept alive by it', async () => {
  expect(await endOf('signals.arm(); signals.disarm();')).toEqual({ code: 0, signal: null, said: '' });
});
