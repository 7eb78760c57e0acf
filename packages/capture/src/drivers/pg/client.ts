import { AsyncResource } from 'node:async_hooks';
import type { Recorder } from '../../core/recorder.js';
import { noteNotCaptured } from '../../hooks/not-captured.js';
import { ConnectionEvent } from '../shared/connection-event.js';
import { inContext } from '../shared/in-context.js';
import { sessionOf } from '../shared/sessions.js';
import { field, isFunction, textField } from '../shared/values.js';
import { wrapMethod } from '../shared/wrap.js';
import { databaseOf } from './database.js';
import { PgQueryEvent, type Statement } from './query-event.js';
import { eventOf, isTracked, track, trackForeign, whileCalling } from './query.js';

type Callback = (this: unknown, ...args: unknown[]) => unknown;

/** What the patches need of the loaded copy of `pg`. */
export interface PgCopy {
  readonly recorder: Recorder;
  readonly Query: unknown;
  readonly toText: (value: unknown) => unknown;
  /** After the first statement that a database answered. */
  readonly onSuccess: (client: object) => void;
}

export function patchClient(prototype: object, pg: PgCopy): void {
  wrapMethod(prototype, 'query', (original) => function query(this: unknown, ...args) {
    const call = typeof this === 'object' && this !== null ? begin(pg, this, args) : null;
    return call === null ? original.apply(this, args) : call(original);
  });
  wrapMethod(prototype, '_connect', (original) => function _connect(this: unknown, ...args) {
    const [callback] = args;
    if (typeof this !== 'object' || this === null || !isFunction(callback) || field(this, '_connecting') || field(this, '_connected')) return original.apply(this, args);
    return original.apply(this, [connecting(pg, this, callback), ...args.slice(1)]);
  });
  // The client's own error event can reach the application before the queries are told: they have failed by then.
  wrapMethod(prototype, '_errorAllQueries', (original) => function _errorAllQueries(this: unknown, ...args) {
    for (const query of [field(this, '_activeQuery'), ...listOf(this, '_sentQueryQueue'), ...listOf(this, '_queryQueue')]) eventOf(query)?.failed(args[0]);
    return original.apply(this, args);
  });
}

export function patchPool(prototype: object): void {
  // A waiting caller is served when somebody else gives a client back, in that somebody's context.
  wrapMethod(prototype, 'connect', (original) => function connect(this: unknown, ...args) {
    const [callback] = args;
    return original.apply(this, isFunction(callback) ? [inContext(callback), ...args.slice(1)] : args);
  });
}

type Call = (original: Callback) => unknown;

function begin(pg: PgCopy, client: object, args: unknown[]): Call | null {
  try {
    const [config, values] = args;
    const submitted = isFunction(field(config, 'submit'));
    if (submitted && isTracked(config as object)) return null;
    const statement = statementOf(client, config, values);
    if (statement === null) return null;
    const event = new PgQueryEvent(databaseOf(client), statement, pg.toText);
    const open = pg.recorder.begin(event);
    if (open === null) return null;
    event.begun(open, sessionOf(client), () => pg.onSuccess(client));
    if (submitted) return callWithObject(pg, client, args, event);
    const at = callbackIndex(args);
    if (at !== null) return callWithCallback(client, args, at, event);
    return callForPromise(client, args, event);
  } catch {
    return null;
  }
}

function statementOf(client: object, config: unknown, values: unknown): Statement | null {
  if (typeof config === 'string') return { text: config, name: undefined, values: Array.isArray(values) ? values : undefined };
  if (typeof config !== 'object' || config === null) return null;
  // pg-query-stream keeps its statement in a cursor.
  const inner = field(config, 'cursor');
  const own = field(config, 'values') ?? field(inner, 'values');
  const name = textField(config, 'name');
  // Of a prepared statement only the name is given from the second time on.
  const text = textField(config, 'text') ?? textField(inner, 'text') ?? (name === undefined ? undefined : textField(field(field(client, 'connection'), 'parsedStatements'), name)) ?? '';
  return { text, name, values: Array.isArray(values) ? values : Array.isArray(own) ? own : undefined };
}

function callbackIndex(args: readonly unknown[]): number | 'config' | null {
  if (isFunction(args[2])) return 2;
  if (isFunction(args[1])) return 1;
  return isFunction(field(args[0], 'callback')) ? 'config' : null;
}

function callWithCallback(client: object, args: unknown[], at: number | 'config', event: PgQueryEvent): Call {
  const callback = (at === 'config' ? field(args[0], 'callback') : args[at]) as Callback;
  const wrapped = inContext(function (this: unknown, ...results: unknown[]) {
    settle(event, results[0]);
    return callback.apply(this, results);
  });
  const config = args[0];
  // The configuration object belongs to the application: it must not come back with our callback in it.
  const changed = at === 'config' ? [Object.assign(Object.create(Object.getPrototypeOf(config) as object | null) as object, config, { callback: wrapped }), ...args.slice(1)] : args.with(at, wrapped);
  return (original) => tracking(client, event, () => original.apply(client, changed));
}

/**
 * Listening to the returned promise would make a rejection that nobody handles look handled, so the promise's own functions are wrapped instead:
 * the driver makes it with the constructor that the client carries.
 */
function callForPromise(client: object, args: unknown[], event: PgQueryEvent): Call {
  const Original: unknown = Reflect.get(client, '_Promise');
  if (!isFunction(Original)) return (original) => tracking(client, event, () => original.apply(client, args));
  type Executor = (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void;
  const Real = Original as unknown as new (executor: Executor) => object;
  const Wrapping = function (executor: Executor): object {
    return new Real((resolve, reject) => {
      executor(
        (value) => {
          event.succeeded();
          resolve(value);
        },
        (error) => {
          event.failed(error);
          reject(error);
        },
      );
    });
  };
  return (original) => {
    Reflect.set(client, '_Promise', Wrapping);
    try {
      return tracking(client, event, () => original.apply(client, args));
    } finally {
      Reflect.set(client, '_Promise', Original);
    }
  };
}

function callWithObject(pg: PgCopy, client: object, args: unknown[], event: PgQueryEvent): Call {
  const query = args[0] as object;
  const run: { <R>(fn: () => R): R } = AsyncResource.bind((fn: () => unknown) => fn()) as <R>(fn: () => R) => R;
  if (isFunction(pg.Query) && query instanceof pg.Query) track(query, event, run);
  else {
    trackForeign(query, event, run);
    noteNotCaptured(`${query.constructor.name} objects given to pg: only what the application fetched; no data of COPY`);
  }
  return (original) => guardCall(event, () => original.apply(client, args));
}

/** Find the query object that the driver makes of a text: it is what this call has added to the client. */
function tracking(client: object, event: PgQueryEvent, call: () => unknown): unknown {
  const before = candidates(client);
  const result = guardCall(event, () => whileCalling(event, before, call));
  const added = candidates(client).find((query) => !before.includes(query) && !isTracked(query));
  if (added !== undefined) track(added, event);
  return result;
}

function candidates(client: object): readonly object[] {
  const queue = listOf(client, '_queryQueue');
  return [queue.at(-1), listOf(client, '_sentQueryQueue').at(-1), field(client, '_activeQuery')].filter((query): query is object => typeof query === 'object' && query !== null);
}

/** Before 8.17 the queue had a public name; reading that one on later versions prints a warning. */
function listOf(client: unknown, name: string): readonly unknown[] {
  const list = field(client, name) ?? (typeof client === 'object' && client !== null && !(name in client) ? field(client, name.slice(1)) : undefined);
  return Array.isArray(list) ? list : [];
}

function guardCall(event: PgQueryEvent, call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    event.open?.drop(); // Wrong use, told at once: nothing was exchanged.
    throw error;
  }
}

function settle(event: PgQueryEvent, error: unknown): void {
  if (error) event.failed(error);
  else event.succeeded();
}

function connecting(pg: PgCopy, client: object, callback: Callback): Callback {
  const database = databaseOf(client);
  const event = ConnectionEvent.begin(pg.recorder, 'postgresql', database.host, database.port, (pack) => void database.register(pack));
  const connection = field(client, 'connection');
  const on = field(connection, 'on');
  if (isFunction(on)) {
    on.call(connection, 'parameterStatus', (message: unknown) => {
      const name = textField(message, 'parameterName');
      const value = textField(message, 'parameterValue');
      if (name !== undefined && value !== undefined) database.parameters.set(name, value);
    });
  }
  return function connected(this: unknown, ...results: unknown[]) {
    if (results[0]) event.failed(results[0]);
    else event.established();
    return callback.apply(this, results);
  };
}
