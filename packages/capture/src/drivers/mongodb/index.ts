import { createRequire } from 'node:module';
import { join } from 'node:path';
import { tellOfConnections } from '../../core/connected.js';
import type { Instrumentation } from '../../core/instrumentation.js';
import { hookModule } from '../../hooks/module-hooks.js';
import type { ModuleCopy } from '../../hooks/module-copy.js';
import { claimConnectionsOf } from '../../net/claims.js';
import { patchObjectIds } from '../../random/object-ids.js';
import { stoppable } from '../shared/stoppable.js';
import { patchConnect } from './connect.js';
import { patchConnection, patchPool, patchStream, type MongodbCopy } from './connection.js';
import { documentsBy } from './documents.js';
import { packConnected } from './endpoint.js';
import { patchMessages } from './messages.js';
import { signInWithoutProof } from './sign-in.js';

const VERSIONS = '>=5.2 <8';

/** The `mongodb` driver, and what is built on it. Messages are kept as the driver wrote and read them: bytes. */
export const mongodb: Instrumentation = {
  name: 'mongodb',
  install(recorder) {
    const [present, stop] = stoppable(recorder);
    const copies = new Map<string, MongodbCopy>();
    /** The parts of one loaded copy share what is kept of it. */
    const copyOf = ({ folder }: ModuleCopy): MongodbCopy => {
      let copy = copies.get(folder);
      if (copy === undefined) {
        copy = { recorder: present, documents: documentsBy(() => createRequire(join(folder, 'package.json'))('bson')), waiting: new Map() };
        copies.set(folder, copy);
        const { documents } = copy;
        tellOfConnections((pack) => packConnected(pack, documents));
      }
      return copy;
    };
    const hook = (file: string, patch: (exports: unknown, copy: MongodbCopy) => void): void =>
      hookModule('mongodb', (exports, copy) => patch(exports, copyOf(copy)), { file, versions: VERSIONS });
    hook('lib/cmap/commands', (exports, { waiting }) => patchMessages(exports, waiting));
    hook('lib/cmap/connection', patchConnection);
    hook('lib/cmap/message_stream', patchStream);
    hook('lib/cmap/connection_pool', patchPool);
    hook('lib/cmap/connect', (exports, copy) => {
      patchConnect(exports, present, copy.documents);
      claimConnectionsOf('mongodb');
    });
    hookModule('bson', patchObjectIds);
    if (process.env['DEJA_REPLAY']) hook('lib/cmap/auth/scram', signInWithoutProof);
    return stop;
  },
};
