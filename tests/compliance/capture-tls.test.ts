import https from 'node:https';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '@deja/stubs';
import { expect, test } from 'vitest';
import { CapturedApp } from '../support/captured-app.ts';

test('HTTPS both ways; a certificate that is not trusted fails in the handshake', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'deja-tls-'));
  try {
    const authority = createAuthority();
    const good = authority.certificate(['127.0.0.1']);
    const bad = authority.certificate(['127.0.0.1'], 'self-signed');
    const ca = join(folder, 'ca.pem');
    writeFileSync(ca, authority.pem);
    await using app = await CapturedApp.start('tls.mjs', {
      env: { NODE_EXTRA_CA_CERTS: ca, KEY: good.key, CERT: good.cert, BAD_KEY: bad.key, BAD_CERT: bad.cert },
    });
    const status = await new Promise((resolve, reject) => {
      https.get({ host: '127.0.0.1', port: app.port, path: '/', ca: authority.pem }, (response) => response.resume().on('end', () => resolve(response.statusCode))).on('error', reject);
    });
    expect(status).toBe(500);
    const [pkg] = await app.packages(1);
    expect(pkg?.context.requests[0]?.trigger).toMatchObject({ local: { tls: true, port: app.port } });
    expect(pkg?.context.listening.filter(({ tls }) => tls === true)).toHaveLength(3);
    const own = pkg?.timeline.filter((event) => event.kind === 'http' && event.scope?.in === 'request' && event.scope.request === 0);
    expect(own).toMatchObject([
      { url: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+\/by-http$/) as unknown, outcome: { ok: { status: 200, body: { text: 'good' } } } },
      { outcome: { ok: { status: 200 } } },
      { outcome: { error: { phase: 'tls', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } } },
      { url: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+\/by-fetch$/) as unknown, outcome: { ok: { status: 200, body: { text: 'good' } } } },
      { outcome: { error: { phase: 'tls', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } } },
    ]);
    expect(JSON.stringify(pkg?.context.process.env)).not.toContain(JSON.stringify(good.key.split('\n')[1]).slice(1, -1));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
