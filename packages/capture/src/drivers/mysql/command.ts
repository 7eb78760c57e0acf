import { AsyncResource } from 'node:async_hooks';
import { field, isFunction, textField } from '../shared/values.js';
import { wrapMethod } from '../shared/wrap.js';
import type { MysqlStatementEvent } from './statement-event.js';

interface Tracked {
  readonly event: MysqlStatementEvent;
  /** `prepare`: only what goes wrong is of interest, the answer comes to the command after it. */
  readonly role: 'statement' | 'prepare';
  /** Present where the application listens to the command itself: its handlers then run in the context of the call. */
  readonly run: (<R>(fn: () => R) => R) | undefined;
}

/** Kept on the command itself: weak maps with an entry per statement cost the garbage collector dearly. */
const TRACKED = Symbol('deja.command');

function trackedOf(command: object): Tracked | undefined {
  return (command as { readonly [TRACKED]?: Tracked })[TRACKED];
}

export function eventOf(command: unknown): MysqlStatementEvent | undefined {
  return typeof command === 'object' && command !== null ? trackedOf(command)?.event : undefined;
}

/** The statement whose command is being written to the wire; only set during a synchronous call. */
let sending: { readonly event: MysqlStatementEvent; readonly count: number } | undefined;

/** Follow what the server answers to this command of mysql2's own classes. */
export function track(command: object, event: MysqlStatementEvent, role: Tracked['role']): void {
  const callback = field(command, 'onResult');
  const listens = !isFunction(callback);
  const resource = new AsyncResource('deja');
  const tracked: Tracked = { event, role, run: listens && role === 'statement' ? (fn) => resource.runInAsyncScope(fn) : undefined };
  Object.defineProperty(command, TRACKED, { value: tracked });
  patchExecute(command);
  if (listens || role === 'prepare') return;
  Reflect.set(command, 'onResult', function onResult(this: unknown, ...results: unknown[]) {
    if (results[0]) event.failed(results[0]);
    return resource.runInAsyncScope(callback, this, ...results);
  });
}

/** `execute` of the class that has it: called without a packet when the command's turn comes, then with every packet of the answer. */
function patchExecute(command: object): void {
  let holder: unknown = Object.getPrototypeOf(command);
  while (typeof holder === 'object' && holder !== null && !Object.hasOwn(holder, 'execute')) holder = Object.getPrototypeOf(holder);
  if (typeof holder !== 'object' || holder === null) return;
  wrapMethod(holder, 'execute', (original) => function execute(this: unknown, ...args) {
    const tracked = typeof this === 'object' && this !== null ? trackedOf(this) : undefined;
    if (tracked === undefined) return original.apply(this, args);
    const [packet, connection] = args;
    see(tracked, packet, connection);
    const outer = sending;
    if (!packet && tracked.role === 'statement') sending = { event: tracked.event, count: parameterCount(this) };
    try {
      const done = tracked.run === undefined ? original.apply(this, args) : tracked.run(() => original.apply(this, args));
      if (done === true && tracked.role === 'statement') tracked.event.succeeded();
      return done;
    } finally {
      sending = outer;
    }
  });
}

function see({ event, role }: Tracked, packet: unknown, connection: unknown): void {
  try {
    if (!packet) return event.sent();
    const buffer = field(packet, 'buffer');
    const start = Number(field(packet, 'start')) + 4;
    const end = Number(field(packet, 'end'));
    if (!Buffer.isBuffer(buffer) || !(start <= end)) return;
    if (buffer[start] === 0xff) event.failed(errorOf(packet, connection));
    else if (role === 'statement') event.packet(buffer, start, end, Boolean(field(connection, '_mariadbExtendedMetadata')));
  } catch {
    // Observation must not break the answer.
  }
}

/** The same error as the driver is about to make; it reads the packet again from its beginning. */
function errorOf(packet: unknown, connection: unknown): unknown {
  const [asError, reset] = [field(packet, 'asError'), field(packet, 'reset')];
  if (!isFunction(asError) || !isFunction(reset)) return new Error('the server answered by an error');
  try {
    return asError.call(packet, textField(connection, 'clientEncoding'));
  } finally {
    reset.call(packet);
  }
}

function parameterCount(command: unknown): number {
  const known = field(field(command, 'statement'), 'parameters');
  const given = field(command, 'parameters');
  return Array.isArray(given) ? given.length : Array.isArray(known) ? known.length : 0;
}

const EXECUTE = 23;

/** The packet of a prepared statement holds its values: exactly what is sent, at no cost. */
export function patchWritePacket(prototype: object): void {
  wrapMethod(prototype, 'writePacket', (original) => function writePacket(this: unknown, ...args) {
    const buffer = field(args[0], 'buffer');
    if (sending !== undefined && Buffer.isBuffer(buffer) && buffer[4] === EXECUTE) {
      const { event, count } = sending;
      sending = undefined;
      event.values(buffer.subarray(4), count);
    }
    return original.apply(this, args);
  });
}
