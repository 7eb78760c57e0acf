/** A command line that cannot be meant: 2, with a message for people and a document for programs. */
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { deja } from '../support/deja.ts';

const cwd = tmpdir();

test.each([
  [['reproduce', '--json'], "missing required argument 'PKG'"],
  [['reproduce', 'x', '--json', '--runs', '1e3'], 'a whole number from 1 to 10000 is needed'],
  [['reproduce', 'x', '--sandbox', 'cloud', '--json'], 'Allowed choices are auto'],
  [['image', 'gc', '--max', '0x10', '--json'], 'a whole number of MiB is needed'],
  [['ls', '--sorted', '--json'], "unknown option '--sorted'"],
  [['replay', 'x', '--json'], "unknown command 'replay'"],
])('%j', async (args, message) => {
  const { code, stdout, stderr } = await deja(args, { cwd });
  expect({ code, document: JSON.parse(stdout) as unknown }).toEqual({ code: 2, document: { error: { code: 'DEJA_USAGE', message: expect.stringContaining(message) as string, hint: expect.any(String) as string } } });
  expect(stderr).toContain(message);
});

test('without --json, or with that of another program, standard output stays empty', async () => {
  for (const args of [['reproduce'], ['run', '--sorted', '--', 'tool', '--json']]) {
    expect(await deja(args, { cwd })).toMatchObject({ code: 2, stdout: '' });
  }
});
