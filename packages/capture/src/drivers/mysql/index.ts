import type { Instrumentation } from '../../core/instrumentation.js';
import type { Recorder } from '../../core/recorder.js';
import { followWrittenStack } from '../../failure/stack-reads.js';
import { hookModule } from '../../hooks/module-hooks.js';
import { stoppable } from '../shared/stoppable.js';
import { field, isFunction } from '../shared/values.js';
import { claimConnectionsOf } from '../../net/claims.js';
import { patchConnection, patchPool } from './connection.js';
import { databaseOf } from './database.js';
import { wantSchema } from './schema/schedule.js';

const VERSIONS = { versions: '>=3 <4' };

/** mysql2: connections, pools and clusters, with callbacks, promises and streams; `query` and `execute`. */
export const mysql2: Instrumentation = {
  name: 'mysql2',
  install(recorder) {
    const [present, stop] = stoppable(recorder);
    // Where each class is has changed; all entries of the package load these files.
    for (const file of ['lib/base/connection', 'lib/connection']) hookModule('mysql2', (exports) => patchClass(exports, present), { ...VERSIONS, file });
    for (const file of ['lib/base/pool', 'lib/pool']) hookModule('mysql2', (exports) => patchOwn(exports, 'getConnection', patchPool), { ...VERSIONS, file });
    hookModule('mysql2', followRejections, { ...VERSIONS, file: 'lib/promise/make_done_cb' });
    return stop;
  },
};

function patchClass(Connection: unknown, recorder: Recorder): void {
  claimConnectionsOf('mysql2');
  patchOwn(Connection, 'addCommand', (prototype) =>
    patchConnection(prototype, { recorder, onAnswer: (connection) => wantSchema(recorder, Connection, connection, databaseOf(connection)) }),
  );
}

/** Promises are rejected with errors that have the caller's stack in the place of their own. */
function followRejections(makeDoneCallback: unknown): unknown {
  if (!isFunction(makeDoneCallback)) return undefined;
  return function makeDoneCb(this: unknown, ...args: unknown[]) {
    const [resolve, reject, ...others] = args;
    if (!isFunction(reject)) return makeDoneCallback.apply(this, args);
    const rejecting = (error: unknown): unknown => {
      followWrittenStack(error);
      return reject(error);
    };
    return makeDoneCallback.apply(this, [resolve, rejecting, ...others]);
  };
}

/** A class that only inherits the method is patched where it is. */
function patchOwn(constructor: unknown, method: string, patch: (prototype: object) => void): void {
  const prototype = field(constructor, 'prototype');
  if (typeof prototype === 'object' && prototype !== null && Object.hasOwn(prototype, method)) patch(prototype);
}
