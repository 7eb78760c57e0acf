/** `deja stub`: the stubs of a package, asked as a person would. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writePackageFile } from '@deja/format/writer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deja, type DejaResult } from '../support/deja.ts';
import { examplePackage } from '../support/example-package.ts';

const cwd = mkdtempSync(join(tmpdir(), 'deja-stub-'));
const path = join(cwd, 'example.deja');

beforeAll(() => {
  // Everything but SQL: no engine has to be started for these.
  const { timeline, databases: _, ...rest } = examplePackage();
  writePackageFile(path, { ...rest, databases: [], timeline: timeline.filter(({ kind }) => kind !== 'sql') });
});
afterAll(() => rmSync(cwd, { recursive: true }));

interface Told {
  readonly ca: string | null;
  readonly stubs: readonly { readonly name: string; readonly kind: string; readonly at: { readonly address: string; readonly port: number }; readonly try: string | null }[];
}

/** Starts stubs, asks them, and ends them by Ctrl-C. */
async function stubs(args: readonly string[], ask: (told: Told) => void): Promise<DejaResult> {
  let asked = false;
  return deja(['stub', ...args, '--json'], {
    cwd,
    onOutput: (stdout, kill) => {
      if (asked || !stdout.endsWith('}\n')) return;
      asked = true;
      try {
        ask(JSON.parse(stdout) as Told);
      } finally {
        kill('SIGINT');
      }
    },
  });
}

function shell(command: string | null | undefined): string {
  return execFileSync('bash', ['-c', command ?? 'false'], { encoding: 'utf8', timeout: 20_000 });
}

describe('deja stub', () => {
  test('what it offers to paste gets the recorded answer, again and again, and a miss is told', async () => {
    let ca: string | null = null;
    const answers: string[] = [];
    const { code, stderr } = await stubs([path, '--only', 'payments'], (told) => {
      ca = told.ca;
      expect(told.stubs.map(({ name, kind }) => [name, kind])).toEqual([['payments.example', 'http']]);
      const command = told.stubs[0]?.try ?? '';
      answers.push(shell(command), shell(command), shell(command.replace('1999', '2000')));
    });
    expect(code).toBe(0);
    expect(answers[0]).toContain('HTTP/1.1 503 Service Unavailable');
    expect(answers[0]).toContain('Retry-After: 30');
    expect(answers[0]).toContain('{"error":{"code":"overloaded","retry":true}}');
    expect(answers[1]).toBe(answers[0]);
    expect(answers[2]).toContain('HTTP/1.1 599 Not In The Recording');
    expect(stderr.match(/✔ event 5 /g)).toHaveLength(2);
    expect(stderr).toMatch(/✘ POST \/v1\/charges.*the nearest is event 5.*cents/);
    expect(existsSync(ca ?? '/')).toBe(false);
  });

  test('--once serves each exchange as often as it was recorded; all stubs without --only', async () => {
    const answers: string[] = [];
    const { stderr } = await stubs([path, '--once', '--no-delay'], (told) => {
      expect(told.stubs.map(({ name }) => name)).toEqual(['payments.example', 'receipts.s3.example', 'redis']);
      const redis = told.stubs.find(({ kind }) => kind === 'redis')?.at.port ?? 0;
      answers.push(shell(`redis-cli -p ${redis} GET user:47`), shell(`redis-cli -p ${redis} GET user:47`));
    });
    expect(answers[0]).toBe('\n');
    expect(answers[1]).toContain('DEJA divergence');
    expect(stderr).toContain('was recorded once and has been served as often');
  });

  test('a plan that was edited answers as it says', async () => {
    const plan = join(cwd, 'plan');
    await deja(['plan', path, '--out', plan], { cwd });
    const file = join(plan, 'stubs.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('status: 503', 'status: 201').replace('statusText: Service Unavailable', 'statusText: Created'));
    let answer = '';
    await stubs([plan, '--only', 'payments.example:443'], ({ stubs: [one] }) => (answer = shell(one?.try)));
    expect(answer).toContain('HTTP/1.1 201 Created');
  });

  test('a name that there is not, a port without a stub, and one that is taken', async () => {
    const unknown = await deja(['stub', path, '--only', 'paiments'], { cwd });
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringMatching(/no single stub is called paiments\n.*payments\.example \(http\), receipts\.s3\.example \(http\), redis \(redis\)/) as string });
    expect(await deja(['stub', path, '--port', '1'], { cwd })).toMatchObject({ code: 2, stderr: expect.stringContaining('--only NAME') as string });
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    expect(await deja(['stub', path, '--only', 'redis', '--port', String(port)], { cwd })).toMatchObject({ code: 5, stderr: expect.stringContaining(`127.0.0.1:${port}`) as string });
    taken.close();
  });
});
