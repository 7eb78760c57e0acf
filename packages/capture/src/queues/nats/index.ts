import type { QueueClient } from '../../core/incoming.js';
import { stoppable } from '../../drivers/shared/stoppable.js';
import { hookModule } from '../../hooks/module-hooks.js';
import { claimConnectionsOf } from '../../net/claims.js';
import { patchIterators } from './iterators.js';
import { patchProtocol } from './protocol.js';

/** NATS: the package `nats` (2), and `@nats-io/nats-core` (3), on which all transports and JetStream are built. Both have the same two files at their core. */
export const nats: QueueClient = {
  name: 'nats',
  install(recorder, incoming) {
    const [present, stop] = stoppable(recorder);
    for (const [name, folder, versions] of [['nats', 'lib/nats-base-client', '>=2.10 <3'], ['@nats-io/nats-core', 'lib', '>=3 <4']] as const) {
      hookModule(name, (exports) => patchProtocol(exports, present, incoming), { file: `${folder}/protocol`, versions });
      hookModule(name, (exports) => patchIterators(exports, incoming), { file: `${folder}/queued_iterator`, versions });
    }
    for (const name of ['nats', '@nats-io/transport-node']) claimConnectionsOf(name);
    return stop;
  },
};
