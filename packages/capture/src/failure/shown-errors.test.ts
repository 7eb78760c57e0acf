import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readPackage } from '@deja/format/node';
import type { ErrorPackage } from '@deja/format';

const folder = mkdtempSync(join(tmpdir(), 'deja-shown-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const register = join(import.meta.dirname, '..', '..', 'dist', 'register.js');

/** Serves one request by this code, as an application that answers by itself, and gives the packages that were written. */
async function packagesOf(name: string, body: string, warmUpMs = 0): Promise<{ readonly packages: readonly ErrorPackage[]; readonly printed: string }> {
  const script = join(folder, `${name}.cjs`);
  const out = join(folder, name);
  writeFileSync(
    script,
    `const util = require('node:util');
     const fail = (what) => new Promise((_, reject) => setImmediate(() => reject(Object.assign(new TypeError(what), { code: 'E_X' }))));
     const server = require('node:http').createServer(async (req, res) => { ${body} });
     server.listen(0, '127.0.0.1', async () => {
       await new Promise((done) => setTimeout(done, ${warmUpMs}));
       await (await fetch('http://127.0.0.1:' + server.address().port + '/')).text();
       server.close();
     });`,
  );
  const run = spawnSync(process.execPath, ['--import', register, script], { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', DEJA_OUT: out }, timeout: 20_000 });
  expect(run.stderr).not.toContain('deja');
  let files: string[] = [];
  try {
    files = readdirSync(out);
  } catch {
    // No failure, no folder.
  }
  return { packages: await Promise.all(files.filter((file) => file.endsWith('.deja')).map((file) => readPackage(join(out, file)))), printed: run.stdout };
}

describe('an error that the application catches, logs and answers by itself', () => {
  it('is the error of a 5xx that nothing else explains: the last one that was logged', async () => {
    const { packages, printed } = await packagesOf(
      'logged',
      `console.log(util.format('first %s', new RangeError('of a library')));
       try { await fail('no hash'); } catch (error) { console.log(util.format('failed', error)); res.statusCode = 500; res.end(); }`,
    );
    expect(packages).toHaveLength(1);
    expect(packages[0]?.failure).toMatchObject({ origin: 'response', fatal: false, error: { name: 'TypeError', message: 'no hash', code: 'E_X' }, response: { status: 500 } });
    // The text is Node's own.
    expect(printed).toMatch(/^failed TypeError: no hash\n {4}at .*logged\.cjs:\d+:\d+\)?\n/m);
  });

  it('explains nothing when the answer is no failure, when it was not shown, or when it is a warning', async () => {
    const logged = await packagesOf('healthy', `try { await fail('x'); } catch (error) { util.inspect(error); res.end('ok'); }`);
    expect(logged.packages).toHaveLength(0);
    const silent = await packagesOf(
      'silent',
      `const warning = new Error('old'); warning.name = 'DeprecationWarning'; util.inspect(warning);
       try { await fail('x'); } catch { res.statusCode = 503; res.end(); }`,
    );
    expect(silent.packages).toHaveLength(1);
    expect(silent.packages[0]?.failure?.error).toBeUndefined();
  });

  /** After a while the debugger for variables is on, and reads the stack of every error that is thrown. */
  it('explains the same while the debugger for variables is on', async () => {
    const cases = {
      silent: [`try { await fail('x'); } catch { res.statusCode = 503; res.end(); }`, undefined],
      'silent-after-logged': [`try { await fail('a'); } catch (error) { util.inspect(error); } try { await fail('b'); } catch { res.statusCode = 503; res.end(); }`, 'a'],
      logged: [`try { await fail('x'); } catch (error) { util.inspect(error); res.statusCode = 500; res.end(); }`, 'x'],
      'logged-and-rethrown': [`try { try { await fail('x'); } catch (error) { util.inspect(error); throw error; } } catch { res.statusCode = 500; res.end(); }`, 'x'],
      'rethrown-silently': [`try { try { await fail('x'); } catch (error) { throw error; } } catch { res.statusCode = 500; res.end(); }`, undefined],
      'in-a-library': [`try { JSON.parse('{'); } catch {} res.statusCode = 500; res.end();`, undefined],
    } as const;
    for (const [name, [body, message]] of Object.entries(cases)) {
      const { packages } = await packagesOf(`debugged-${name}`, body, 400);
      expect(packages.map(({ failure }) => failure?.error?.message), name).toEqual([message]);
    }
  });

  it("leaves an application's own Error.prepareStackTrace alone", async () => {
    const { packages, printed } = await packagesOf(
      'own',
      `Error.prepareStackTrace = (error, sites) => sites.length + ' sites of ' + error.message;
       try { await fail('x'); } catch (error) { console.log(/^\\d+ sites of x$/.test(error.stack)); res.statusCode = 500; res.end(); }`,
    );
    expect(printed).toBe('true\n');
    expect(packages[0]?.failure?.response?.status).toBe(500);
  });
});
