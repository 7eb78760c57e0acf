import { guarded } from '../../core/guard.js';
import type { Recorder } from '../../core/recorder.js';
import { ConnectionEvent } from '../../drivers/shared/connection-event.js';
import { field, isFunction, textField } from '../../drivers/shared/values.js';
import { wrapMethod } from '../../drivers/shared/wrap.js';
import { BrokerEvent } from '../shared/broker-event.js';
import { brokerAt } from './cluster.js';

/** Attempts to connect. */
export function patchConnection(exports: unknown, recorder: Recorder): void {
  const prototype = field(exports, 'prototype');
  if (typeof prototype !== 'object' || prototype === null) throw new Error('the client has no Connection');
  const connected = guarded('connections of kafkajs', (connection: unknown) => {
    const broker = brokerAt(connection);
    if (broker !== null) BrokerEvent.connected(recorder, broker);
  }, undefined);
  wrapMethod(prototype, 'connect', (original) => function connect(this: unknown, ...args) {
    const isConnected = field(this, 'isConnected');
    if (isFunction(isConnected) && isConnected.call(this) === true) return original.apply(this, args);
    const event = ConnectionEvent.begin(recorder, 'kafka', textField(this, 'host') ?? 'localhost', Number(field(this, 'port') ?? 9092), (pack) => void pack.server(brokerAt(this)?.info() ?? { kind: 'kafka', host: 'localhost', port: 9092 }));
    const attempt = original.apply(this, args);
    if (!(attempt instanceof Promise)) return attempt;
    return attempt.then(
      (value: unknown) => {
        event.established();
        connected(this);
        return value;
      },
      (error: unknown) => {
        event.failed(error);
        throw error;
      },
    );
  });
}
