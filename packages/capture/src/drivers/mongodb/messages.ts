import { field, isFunction } from '../shared/values.js';
import { wrapMethod } from '../shared/wrap.js';
import type { MongodbCommandEvent } from './command-event.js';

/** The events of one loaded driver that wait for their answer, by the number of their message. */
export type Waiting = Map<number, MongodbCommandEvent>;

/**
 * The classes of messages: what is sent becomes bytes there, and what came is read there, once each. Both pass through in the driver's own forms, compressed or not.
 * Before version 6 they have other names.
 */
export function patchMessages(exports: unknown, waiting: Waiting): void {
  const request = field(field(exports, 'OpMsgRequest') ?? field(exports, 'Msg'), 'prototype');
  const response = field(field(exports, 'OpMsgResponse') ?? field(exports, 'BinMsg'), 'prototype');
  if (typeof request !== 'object' || request === null || typeof response !== 'object' || response === null) throw new Error('the messages of mongodb have another shape than expected');
  const sends = wrapMethod(request, 'toBin', (original) => function toBin(this: unknown, ...args) {
    const pieces = original.apply(this, args);
    const event = waiting.get(Number(field(this, 'requestId')));
    if (event !== undefined && Array.isArray(pieces)) event.sent(pieces as Uint8Array[]);
    return pieces;
  });
  const reads = wrapMethod(response, 'parse', (original) => function parse(this: unknown, ...args) {
    const event = waiting.get(Number(field(this, 'responseTo')));
    const data = field(this, 'data');
    if (event !== undefined && data instanceof Uint8Array) event.answered(data);
    return original.apply(this, args);
  });
  if (!sends || !reads || !isFunction(field(request, 'toBin'))) throw new Error('the messages of mongodb have other methods than expected');
}
