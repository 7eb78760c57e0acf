import { hookModule } from '../../hooks/module-hooks.js';
import { noteNotCaptured } from '../../hooks/not-captured.js';
import type { Instrumentation } from '../../core/instrumentation.js';
import type { Recorder } from '../../core/recorder.js';
import { stoppable } from '../shared/stoppable.js';
import { field, isFunction } from '../shared/values.js';
import { claimConnectionsOf } from '../../net/claims.js';
import { patchClient, patchPool } from './client.js';
import { databaseOf } from './database.js';
import { patchConnection, patchHandlers } from './query.js';
import { wantSchema } from './schema/schedule.js';

/** node-postgres: clients, pools, prepared statements, several statements in one text; cursors as far as they are read. */
export const pg: Instrumentation = {
  name: 'pg',
  install(recorder) {
    const [present, stop] = stoppable(recorder);
    hookModule('pg', (exports) => patchCopy(exports, present), { versions: '>=8 <9' });
    hookModule('pg-pool', (exports) => patchPool(prototypeOf(exports, 'pg-pool')), { versions: '>=3 <4' });
    hookModule('pg', () => noteNotCaptured('pg over its native bindings (pg-native)'), { file: 'lib/native' });
    return stop;
  },
};

function patchCopy(exports: unknown, recorder: Recorder): void {
  const Client = field(exports, 'Client');
  if (!isFunction(field(field(Client, 'prototype'), 'getStartupConf'))) {
    noteNotCaptured('pg over its native bindings (pg-native)');
    return;
  }
  claimConnectionsOf('pg');
  const Query = field(Client, 'Query') ?? field(exports, 'Query');
  const prepare = field(field(exports, 'utils'), 'prepareValue');
  patchHandlers(prototypeOf(Query, 'Query'));
  patchConnection(prototypeOf(field(exports, 'Connection'), 'Connection'));
  patchClient(prototypeOf(Client, 'Client'), {
    recorder,
    Query,
    toText: (value) => (isFunction(prepare) ? prepare(value) : null),
    onSuccess: (client) => wantSchema(recorder, Client, client, databaseOf(client)),
  });
}

function prototypeOf(constructor: unknown, name: string): object {
  const prototype = field(constructor, 'prototype');
  if (typeof prototype !== 'object' || prototype === null) throw new Error(`${name} has another shape than expected`);
  return prototype;
}
