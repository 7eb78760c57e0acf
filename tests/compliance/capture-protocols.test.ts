import { expect, test } from 'vitest';
import { CapturedApp } from '../support/captured-app.ts';

test('HTTP/2 and WebSocket in a package: what was said, in order, without its secrets', async () => {
  await using app = await CapturedApp.start('protocols.mjs');
  await app.get('/');
  const [pkg] = await app.packages(1);
  const [stock, ...news] = (pkg?.timeline ?? []).filter((event) => event.kind === 'http' && event.scope?.in === 'request');
  expect(stock).toMatchObject({
    protocol: 'h2', method: 'POST', url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/left\?of=1$/) as string,
    outcome: { ok: { status: 200, httpVersion: '2.0', headers: expect.arrayContaining([['content-type', 'application/json']]) as unknown, body: { text: '{"left":3}' }, trailers: [['x-sum', '7']] } },
  });
  expect(news).toHaveLength(2);
  for (const event of news) {
    expect(event).toMatchObject({
      protocol: 'websocket', method: 'GET', url: expect.stringMatching(/\/news$/) as string,
      outcome: { ok: { status: 101, messages: [{ from: 'client', type: 'text' }, { from: 'server', type: 'text' }, { from: 'server', type: 'close', code: 1000, reason: 'done' }, { from: 'client', type: 'close', code: 1000 }] } },
    });
  }
  const text = JSON.stringify(pkg?.timeline);
  expect(text).not.toMatch(/correct horse|battery staple|abcdefghijklmnop/);
  expect(pkg?.manifest.capture.notCaptured).toEqual([]);
});
