import { Resolver } from 'node:dns/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { startForTest, stopAfterTest } from '../testing/plan.js';

afterEach(stopAfterTest);

describe('DNS stub', () => {
  it('knows the sandbox\'s names, fails as recorded, and tells every other name once', async () => {
    const stubs = await startForTest(
      { dns: [{ name: 'gone.example', code: 'ENOTFOUND' }, { name: 'busy.example', code: 'EAI_AGAIN' }] },
      { dns: { address: '127.0.0.1', port: 0, hosts: [{ name: 'Db.example', address: '10.0.0.5' }, { name: 'db.example', address: 'fd00::5' }] } },
    );
    const port = stubs.listeners.find((listener) => listener.kind === 'dns')?.at.port ?? 0;
    const resolver = new Resolver({ timeout: 500, tries: 1 });
    resolver.setServers([`127.0.0.1:${port}`]);
    expect(await resolver.resolve4('db.example')).toEqual(['10.0.0.5']);
    expect(await resolver.resolve6('DB.example')).toEqual(['fd00::5']);
    await expect(resolver.resolve4('gone.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect(resolver.resolve4('busy.example')).rejects.toMatchObject({ code: 'ESERVFAIL' });
    for (const ask of [resolver.resolve4('new.example'), resolver.resolve6('new.example')]) await expect(ask).rejects.toMatchObject({ code: 'ENOTFOUND' });
    expect(stubs.divergences).toMatchObject([{ stub: 'dns', asked: 'resolve new.example' }]);
  });
});
