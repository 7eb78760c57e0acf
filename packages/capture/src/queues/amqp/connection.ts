import type { ServerInfo } from '@deja/format';
import { guarded } from '../../core/guard.js';
import type { Recorder } from '../../core/recorder.js';
import { ConnectionEvent } from '../../drivers/shared/connection-event.js';
import { field, isFunction, textField } from '../../drivers/shared/values.js';
import { wrapMethod } from '../../drivers/shared/wrap.js';
import { BrokerEvent } from '../shared/broker-event.js';
import { brokerOf, noteEndpoint, type AmqpEndpoint } from './link.js';

const DEFAULT_PORT = { plain: 5672, tls: 5671 };

/** Attempts to connect, and where they lead. */
export function patchConnect(exports: unknown, recorder: Recorder): void {
  if (typeof exports !== 'object' || exports === null) throw new Error('the client has no connect');
  const begin = guarded('connections of amqplib', (url: unknown) => {
    const endpoint = endpointOf(url);
    return { endpoint, event: ConnectionEvent.begin(recorder, 'rabbitmq', endpoint.host, endpoint.port, (pack) => void pack.server(serverAt(endpoint))) };
  }, null);
  const connected = guarded('connections of amqplib', (connection: object, endpoint: AmqpEndpoint) => {
    noteEndpoint(connection, endpoint);
    const broker = brokerOf(connection);
    if (broker !== null) BrokerEvent.connected(recorder, broker);
  }, undefined);
  const known = wrapMethod(exports, 'connect', (original) => function connect(this: unknown, ...args) {
    const callback = args.at(-1);
    const attempt = begin(args[0]);
    if (attempt === null || !isFunction(callback)) return original.apply(this, args);
    const { endpoint, event } = attempt;
    const observed = function (this: unknown, ...results: unknown[]): unknown {
      const [error, connection] = results;
      if (error) event.failed(error);
      else event.established();
      if (typeof connection === 'object' && connection !== null) connected(connection, endpoint);
      return callback.apply(this, results);
    };
    return original.apply(this, [...args.slice(0, -1), observed]);
  });
  if (!known) throw new Error('the client has no connect');
}

function serverAt({ host, port, tls }: AmqpEndpoint): Omit<ServerInfo, 'name'> {
  return { kind: 'amqp', host, port, ...(tls ? { tls } : {}) };
}

function endpointOf(url: unknown): AmqpEndpoint {
  if (typeof url === 'object' && url !== null) {
    const tls = textField(url, 'protocol') === 'amqps';
    return { host: textField(url, 'hostname') ?? 'localhost', port: Number(field(url, 'port') ?? (tls ? DEFAULT_PORT.tls : DEFAULT_PORT.plain)), tls };
  }
  const parsed = new URL(typeof url === 'string' ? url : 'amqp://localhost');
  const tls = parsed.protocol === 'amqps:';
  return { host: parsed.hostname.replaceAll(/^\[|\]$/g, ''), port: Number(parsed.port) || (tls ? DEFAULT_PORT.tls : DEFAULT_PORT.plain), tls };
}

/** Connections that end otherwise than the application wanted. */
export function patchConnection(exports: unknown, recorder: Recorder): void {
  const prototype = field(field(exports, 'Connection'), 'prototype');
  if (typeof prototype !== 'object' || prototype === null) throw new Error('the client has no Connection');
  const lost = guarded('lost connections of amqplib', (connection: unknown, error: unknown) => {
    const broker = brokerOf(connection);
    if (broker === null || error === undefined) return;
    BrokerEvent.begin(recorder, { broker, operation: 'disconnect', message: { destination: '' } })?.failed(error);
  }, undefined);
  wrapMethod(prototype, 'toClosed', (original) => function toClosed(this: unknown, ...args) {
    lost(this, args[1]);
    return original.apply(this, args);
  });
}
