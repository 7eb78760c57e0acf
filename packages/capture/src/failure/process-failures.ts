import { guarded } from '../core/guard.js';
import { method, override, together } from '../http/patch.js';
import type { Failures } from './failures.js';

/**
 * Errors that reach the process. Listening to `uncaughtException` or `unhandledRejection` would keep a dying process alive, so that
 * the monitor is used for the one, and the process's own `emit` is watched for the other.
 */
export function installProcessFailures(failures: Failures, exiting: (code: number) => void): Disposable {
  const uncaught = guarded('uncaughtExceptionMonitor', (error: unknown, origin: NodeJS.UncaughtExceptionOrigin) => {
    const handled = process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback();
    failures.reachedProcess(error, origin === 'unhandledRejection' ? origin : 'uncaughtException', !handled);
  }, undefined);
  const rejected = guarded('unhandledRejection', (reason: unknown) => failures.reachedProcess(reason, 'unhandledRejection', false), undefined);
  const onExit = guarded('the exit of the process', exiting, undefined);

  process.prependListener('uncaughtExceptionMonitor', uncaught);
  process.prependListener('exit', onExit);
  const original = method(process, 'emit');
  const watching = override(process, 'emit', function emit(this: unknown, ...args: unknown[]) {
    // Without a listener Node goes on to throw it, and the monitor sees it.
    if (args[0] === 'unhandledRejection' && process.listenerCount('unhandledRejection') > 0) rejected(args[1]);
    return original.apply(this, args);
  });
  return together([
    watching,
    {
      [Symbol.dispose]() {
        process.off('uncaughtExceptionMonitor', uncaught);
        process.off('exit', onExit);
      },
    },
  ]);
}
