import type { QueueClient } from '../../core/incoming.js';
import { stoppable } from '../../drivers/shared/stoppable.js';
import { hookModule } from '../../hooks/module-hooks.js';
import { claimConnectionsOf } from '../../net/claims.js';
import { patchChannel } from './channel.js';
import { patchConnect, patchConnection } from './connection.js';

/** amqplib (RabbitMQ and whatever else speaks AMQP 0-9-1), its callbacks and its promises: both are built on the same channels. */
export const amqplib: QueueClient = {
  name: 'amqplib',
  install(recorder, incoming) {
    const [present, stop] = stoppable(recorder);
    const versions = '>=0.8 <3';
    hookModule('amqplib', (exports) => patchConnect(exports, present), { file: 'lib/connect', versions });
    hookModule('amqplib', (exports) => patchConnection(exports, present), { file: 'lib/connection', versions });
    hookModule('amqplib', (exports) => patchChannel(exports, present, incoming), { file: 'lib/channel', versions });
    claimConnectionsOf('amqplib');
    return stop;
  },
};
