import { expect, test } from 'vitest';
import { CapturedApp } from '../support/captured-app.ts';

/** A deployment may end the process right after the failed answer, while the package is still being made. */
test.each(['plain.mjs', 'dies-where-alone.mjs'])('a package that is under way when a signal ends the process is finished, and the process still dies of the signal: %s', async (file) => {
  await using app = await CapturedApp.start(file);
  await app.get('/http');
  app.process.kill('SIGTERM');
  await app.exited;
  expect(app.process.signalCode).toBe('SIGTERM');
  const [pkg] = await app.packages(1);
  expect(pkg?.failure).toMatchObject({ origin: 'response', fatal: false });
});
