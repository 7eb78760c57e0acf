import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writePackage } from '@deja/format/writer';
import { afterAll, describe, expect, it } from 'vitest';
import { deja } from '../support/deja.ts';
import { examplePackage } from '../support/example-package.ts';

const STEERING = '\u001b]0;owned\u0007\u001b[2J\u009b31m\r';
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;
const folder = mkdtempSync(join(tmpdir(), 'deja-terminal-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('what a package says never steers the terminal', () => {
  it('in the message about a package that cannot be read', async () => {
    const pkg = examplePackage();
    const unreadable = { ...pkg, failure: { ...pkg.failure, origin: STEERING } } as unknown as typeof pkg;
    writeFileSync(join(folder, 'unreadable.deja'), writePackage(unreadable));
    const shown = await deja(['show', 'unreadable.deja'], { cwd: folder });
    expect(shown.code).toBe(6);
    expect(shown.stderr).not.toMatch(CONTROL);
    const listed = await deja(['ls', '.'], { cwd: folder });
    expect(listed.stdout + listed.stderr).not.toMatch(CONTROL);
  });

  it('in the headline of a reproduction, and in the reason why there is none', async () => {
    const pkg = examplePackage();
    const { process } = pkg.context;
    const steering = { ...pkg, manifest: { ...pkg.manifest, service: STEERING }, context: { ...pkg.context, process: { ...process, root: `/nowhere${STEERING}` } } };
    writeFileSync(join(folder, 'steering.deja'), writePackage(steering));
    const { stdout, stderr } = await deja(['reproduce', 'steering.deja'], { cwd: folder });
    expect(stderr).toContain('owned');
    expect(stdout + stderr).not.toMatch(CONTROL);
  });
});
