import type { QueueClient } from '../../core/incoming.js';
import { stoppable } from '../../drivers/shared/stoppable.js';
import { hookModule } from '../../hooks/module-hooks.js';
import { noteNotCaptured } from '../../hooks/not-captured.js';
import { claimConnectionsOf } from '../../net/claims.js';
import { patchBroker } from './broker.js';
import { patchConnection } from './connection.js';
import { patchRunner } from './runner.js';

/** kafkajs. The client of Confluent is native: what it does goes past JavaScript, and packages say so. */
export const kafkajs: QueueClient = {
  name: 'kafkajs',
  install(recorder, incoming) {
    const [present, stop] = stoppable(recorder);
    const versions = '>=2 <3';
    hookModule('kafkajs', (exports) => patchConnection(exports, present), { file: 'src/network/connection', versions });
    hookModule('kafkajs', (exports) => patchBroker(exports, present), { file: 'src/broker', versions });
    hookModule('kafkajs', (exports) => patchRunner(exports, incoming), { file: 'src/consumer/runner', versions });
    hookModule('@confluentinc/kafka-javascript', () => noteNotCaptured('messages of @confluentinc/kafka-javascript'));
    claimConnectionsOf('kafkajs');
    return stop;
  },
};
