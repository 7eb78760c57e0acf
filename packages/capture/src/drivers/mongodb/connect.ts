import { AsyncResource } from 'node:async_hooks';
import type { Recorder } from '../../core/recorder.js';
import { ConnectionEvent } from '../shared/connection-event.js';
import { field, isFunction } from '../shared/values.js';
import type { Documents } from './documents.js';
import { endpointOf, packServer } from './endpoint.js';

/** Connections belong to the pool or to what watches the server, and to no request that happened to need the first of them. */
const outside = new AsyncResource('deja');

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** `connect` makes the pool's connections, and before version 6 those that watch servers; later these call `makeSocket`. */
export function patchConnect(exports: unknown, recorder: Recorder, documents: Documents): void {
  if (typeof exports !== 'object' || exports === null) throw new Error('mongodb connects in another way than expected');
  for (const name of ['connect', 'makeSocket']) {
    const original = field(exports, name);
    if (isFunction(original)) Reflect.set(exports, name, observed(original, recorder, documents));
  }
}

function observed(original: Method, recorder: Recorder, documents: Documents): Method {
  return function connect(this: unknown, ...args) {
    const event = attempt(recorder, documents, args[0]);
    const callback = args.at(-1);
    if (args.length > 1 && isFunction(callback)) {
      return original.apply(this, [...args.slice(0, -1), function told(this: unknown, ...outcome: unknown[]) {
        if (outcome[0] === undefined || outcome[0] === null) event?.established();
        else event?.failed(reasonOf(outcome[0]));
        return callback.apply(this, outcome);
      }]);
    }
    const made = original.apply(this, args);
    // Somebody else handles the rejection.
    if (made instanceof Promise) made.then(() => event?.established(), (error: unknown) => event?.failed(reasonOf(error)));
    return made;
  };
}

/** The driver's own error says by a text what the system's below it says by a code. */
function reasonOf(error: unknown): unknown {
  const cause = field(error, 'cause');
  return typeof field(cause, 'code') === 'string' ? cause : error;
}

function attempt(recorder: Recorder, documents: Documents, options: unknown): ConnectionEvent | null {
  try {
    const endpoint = endpointOf(options);
    return outside.runInAsyncScope(() => ConnectionEvent.begin(recorder, 'mongodb', endpoint.host, endpoint.port, (pack) => void packServer(endpoint, pack, documents)));
  } catch {
    return null;
  }
}
