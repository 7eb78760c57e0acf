import { field, isFunction, textField } from '../shared/values.js';
import { wrapMethod } from '../shared/wrap.js';
import type { PgField, PgQueryEvent } from './query-event.js';

interface Tracked {
  readonly event: PgQueryEvent;
  /** Present where the application listens to the query object itself: its handlers then run in the context of the call. */
  readonly run: (<R>(fn: () => R) => R) | undefined;
}

/** Kept on the query object itself: weak maps with an entry per statement cost the garbage collector dearly. */
const TRACKED = Symbol('deja.query');

function trackedOf(query: object): Tracked | undefined {
  return (query as { readonly [TRACKED]?: Tracked })[TRACKED];
}

function setTracked(query: object, value: Tracked): void {
  (query as { [TRACKED]?: Tracked })[TRACKED] = value;
}

/** The event whose statement is being written to the wire; only set during a synchronous call. */
let sending: PgQueryEvent | undefined;
/** The call of `query` under way: an idle connection sends the new query object before the call returns. */
let calling: { readonly event: PgQueryEvent; readonly before: readonly unknown[] } | undefined;

export function isTracked(query: object): boolean {
  return trackedOf(query) !== undefined;
}

export function eventOf(query: unknown): PgQueryEvent | undefined {
  return typeof query === 'object' && query !== null ? trackedOf(query)?.event : undefined;
}

/** Follow what the server answers to this query object of pg's own class. */
export function track(query: object, event: PgQueryEvent, run?: Tracked['run']): void {
  setTracked(query, { event, run });
}

/** Runs a call of `query`; a query object that is not among `before` and is sent meanwhile is the one it made. */
export function whileCalling<R>(event: PgQueryEvent, before: readonly unknown[], call: () => R): R {
  const outer = calling;
  calling = { event, before };
  try {
    return call();
  } finally {
    calling = outer;
  }
}

/**
 * Follow a query object of another class (cursors, streams, COPY) through the same protocol of handlers.
 * The object is wrapped, not its class: we do not know who else uses that.
 */
export function trackForeign(query: object, event: PgQueryEvent, run: NonNullable<Tracked['run']>): void {
  setTracked(query, { event, run });
  patchHandlers(query);
}

/** `handle*` of a query prototype, or of one object. */
export function patchHandlers(target: object): void {
  wrapMethod(target, 'submit', (original) => function submit(this: unknown, ...args) {
    if (calling !== undefined && typeof this === 'object' && this !== null && trackedOf(this) === undefined && !calling.before.includes(this)) track(this, calling.event);
    const event = eventOf(this);
    if (event === undefined) return original.apply(this, args);
    const outer = sending;
    sending = event;
    event.sent = true;
    try {
      return original.apply(this, args);
    } finally {
      sending = outer;
    }
  });
  observe(target, 'handleRowDescription', (event, message) => {
    const fields = field(message, 'fields');
    if (Array.isArray(fields)) event.describe(fields as readonly PgField[]);
  });
  observe(target, 'handleDataRow', (event, message) => {
    const cells = field(message, 'fields');
    const length = field(message, 'length');
    if (Array.isArray(cells)) event.row(cells, typeof length === 'number' ? length : 0);
  });
  observe(target, 'handleCommandComplete', (event, message) => {
    event.suspended = false;
    event.complete(textField(message, 'text') ?? textField(message, 'command') ?? '');
  });
  observe(target, 'handleEmptyQuery', (event) => event.complete(''));
  observe(target, 'handlePortalSuspended', (event) => {
    event.suspended = true;
  });
  observe(target, 'handleReadyForQuery', (event) => event.succeeded());
  observe(target, 'handleError', (event, error, query) => {
    // A value parser of the application threw: what the server answered is not touched by that, and it goes on answering.
    if (!field(query, '_canceledDueToError')) event.failed(error);
  });
}

function observe(target: object, name: string, see: (event: PgQueryEvent, message: unknown, query: unknown) => void): void {
  wrapMethod(target, name, (original) => function observed(this: unknown, ...args) {
    const found = typeof this === 'object' && this !== null ? trackedOf(this) : undefined;
    if (found === undefined) return original.apply(this, args);
    try {
      see(found.event, args[0], this);
    } catch {
      // Observation must not break the answer.
    }
    return found.run === undefined ? original.apply(this, args) : found.run(() => original.apply(this, args));
  });
}

/** Parameters are collected where the driver turns them into text for the wire: exactly what is sent, at no cost. */
export function patchConnection(prototype: object): void {
  wrapMethod(prototype, 'bind', (original) => function bind(this: unknown, ...args) {
    const config = args[0];
    const event = sending;
    const map = field(config, 'valueMapper');
    if (event === undefined || typeof config !== 'object' || config === null || !Array.isArray(field(config, 'values'))) return original.apply(this, args);
    const wire: unknown[] = [];
    const collect = (value: unknown, index: number): unknown => (wire[index] = isFunction(map) ? map(value, index) : value);
    try {
      return original.apply(this, [{ ...config, valueMapper: collect }, ...args.slice(1)]);
    } finally {
      event.parameters(wire);
    }
  });
}
