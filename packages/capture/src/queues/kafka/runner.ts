import { guarded } from '../../core/guard.js';
import type { Incoming } from '../../core/incoming.js';
import { field, isFunction, textField } from '../../drivers/shared/values.js';
import type { Broker } from '../shared/broker-event.js';
import { brokerOf } from './cluster.js';
import { batchOf, KafkaMessages } from './message.js';

type Handler = (this: unknown, ...args: unknown[]) => unknown;

/** A consumer's runner is made with the application's handlers: they are replaced by ones that run each message in a scope of its own. */
export function patchRunner(exports: unknown, incoming: Incoming): unknown {
  if (!isFunction(exports)) throw new Error('the client has no Runner');
  return new Proxy(exports, {
    construct(target, args: unknown[], newTarget) {
      const [options] = args;
      const group = field(options, 'consumerGroup');
      return Reflect.construct(target, typeof options === 'object' && options !== null ? [{ ...options, ...observed(options, group, incoming) }] : args, newTarget) as object;
    },
  });
}

function observed(options: object, group: unknown, incoming: Incoming): { readonly eachMessage?: Handler; readonly eachBatch?: Handler } {
  const [eachMessage, eachBatch] = [field(options, 'eachMessage'), field(options, 'eachBatch')];
  return {
    ...(isFunction(eachMessage) ? { eachMessage: inScopes(eachMessage, group, incoming, (payload) => ({ topic: textField(payload, 'topic') ?? '', partition: field(payload, 'partition'), messages: [field(payload, 'message')] })) } : {}),
    ...(isFunction(eachBatch) ? { eachBatch: inScopes(eachBatch, group, incoming, batchOf) } : {}),
  };
}

function inScopes(handler: Handler, group: unknown, incoming: Incoming, read: typeof batchOf): Handler {
  const open = guarded('messages of kafkajs', (payload: unknown) => {
    const { topic, partition, messages } = read(payload);
    const broker = coordinatorOf(group);
    return broker === null ? null : incoming.open(new KafkaMessages(topic, partition, messages, textField(group, 'groupId'), broker));
  }, null);
  return function observedHandler(this: unknown, ...args) {
    const delivery = open(args[0]);
    if (delivery === null) return handler.apply(this, args);
    try {
      return delivery.run(() => delivery.follow(handler.apply(this, args), true));
    } catch (error) {
      delivery.failed(error);
      throw error;
    }
  };
}

/** The broker that a group is organised by stands for all of them. */
function coordinatorOf(group: unknown): Broker | null {
  return brokerOf(field(group, 'coordinator'));
}
