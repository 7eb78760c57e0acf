import type { Recorder } from '../../core/recorder.js';
import { inContext } from '../shared/in-context.js';
import { field, isFunction } from '../shared/values.js';
import { wrapMethod } from '../shared/wrap.js';
import { MongodbCommandEvent } from './command-event.js';
import type { Documents } from './documents.js';
import { noteHello } from './endpoint.js';
import type { Waiting } from './messages.js';
import { commandOf } from './protocol.js';

/** What the patches need of the loaded copy of the driver. */
export interface MongodbCopy {
  readonly recorder: Recorder;
  readonly documents: Documents;
  readonly waiting: Waiting;
}

/** The connection whose `command` is being called: the old driver writes within it. */
let commanding: object | undefined;

export function patchConnection(exports: unknown, copy: MongodbCopy): void {
  const prototype = field(field(exports, 'Connection'), 'prototype');
  if (typeof prototype !== 'object' || prototype === null) throw new Error('the connection of mongodb has another shape than expected');
  followHello(prototype);
  // From 6.4 on every message of a connection passes here; before, `writeCommand` of its stream.
  const sends = wrapMethod(prototype, 'sendWire', (original) => function sendWire(this: unknown, ...args) {
    const answers = original.apply(this, args);
    const event = begin(copy, this, args[0]);
    return event === null ? answers : watched(answers, event, () => forget(copy, args[0]));
  });
  if (sends) return;
  const commands = wrapMethod(prototype, 'command', (original) => function command(this: unknown, ...args) {
    const before = commanding;
    commanding = typeof this === 'object' && this !== null ? this : undefined;
    try {
      return original.apply(this, args);
    } finally {
      commanding = before;
    }
  });
  if (!commands) throw new Error('the connection of mongodb has other methods than expected');
}

/** Before 6.4: `writeCommand(message, description)`, where `description.cb` is told of the end. */
export function patchStream(exports: unknown, copy: MongodbCopy): void {
  const prototype = field(field(exports, 'MessageStream'), 'prototype');
  if (typeof prototype !== 'object' || prototype === null) throw new Error('the stream of mongodb has another shape than expected');
  wrapMethod(prototype, 'writeCommand', (original) => function writeCommand(this: unknown, ...args) {
    const [message, description] = args;
    const done = field(description, 'cb');
    const event = isFunction(done) ? begin(copy, commanding, message) : null;
    if (event !== null && isFunction(done)) {
      Reflect.set(description as object, 'cb', function cb(this: unknown, ...outcome: unknown[]) {
        forget(copy, message);
        if (outcome[0] !== undefined && outcome[0] !== null) event.failed(outcome[0]);
        return done.apply(this, outcome);
      });
    }
    return original.apply(this, args);
  });
}

/** Before version 6 whoever waits for a connection is served when somebody else gives one back, in that somebody's context. */
export function patchPool(exports: unknown): void {
  const prototype = field(field(exports, 'ConnectionPool'), 'prototype');
  if (typeof prototype !== 'object' || prototype === null) return;
  wrapMethod(prototype, 'checkOut', (original) => function checkOut(this: unknown, ...args) {
    return original.apply(this, args.map((arg) => (isFunction(arg) ? inContext(arg) : arg)));
  });
}

function begin({ recorder, documents, waiting }: MongodbCopy, connection: unknown, message: unknown): MongodbCommandEvent | null {
  try {
    const asked = commandOf(message);
    const number = field(message, 'requestId');
    if (asked === null || typeof number !== 'number' || typeof connection !== 'object' || connection === null) return null;
    const event = MongodbCommandEvent.begin(recorder, connection, documents, asked.database, asked.name);
    if (event !== null) waiting.set(number, event);
    return event;
  } catch {
    return null; // The command goes its way unobserved.
  }
}

function forget({ waiting }: MongodbCopy, message: unknown): void {
  waiting.delete(Number(field(message, 'requestId')));
}

const GIVEN_UP = { name: 'AbortError', message: 'the application stopped waiting for the answer' };
/** What the driver makes up where nobody waits for an answer: a message with `{ ok: 1 }`. */
const NO_ANSWER = new Uint8Array([0, 0, 0, 0, 0, 13, 0, 0, 0, 16, 111, 107, 0, 1, 0, 0, 0, 0]);

/** The driver's own generator of answers, with its ends told to the event. */
function watched(answers: unknown, event: MongodbCommandEvent, over: () => void): unknown {
  const source = answers as AsyncGenerator<unknown, unknown>;
  const told = (result: IteratorResult<unknown, unknown>): IteratorResult<unknown, unknown> => {
    if (result.done) over();
    else event.answered(NO_ANSWER);
    return result;
  };
  const lost = (error: unknown): never => {
    over();
    event.failed(error);
    throw error;
  };
  const generator = {
    next: (...args: [] | [unknown]) => source.next(...args).then(told, lost),
    return(value: unknown) {
      over();
      event.failed(GIVEN_UP);
      return source.return(value);
    },
    [Symbol.asyncIterator]: () => generator,
  };
  return generator;
}

/** A connection is told what its server says of itself by setting `hello`, those that only watch as well. */
function followHello(prototype: object): void {
  const property = Object.getOwnPropertyDescriptor(prototype, 'hello');
  if (!property?.set) throw new Error('the connection of mongodb has no hello');
  Object.defineProperty(prototype, 'hello', {
    ...property,
    set(this: object, response: unknown) {
      noteHello(this, response);
      property.set?.call(this, response);
    },
  });
}
