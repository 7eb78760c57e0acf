/**
 * The events of a timeline: one observed exchange with the outside each.
 * The same shape serves error packages (`timeline.jsonl`) and stand-alone timelines.
 */
import type { SqlEvent } from './events/sql.js';
import type { HttpEvent } from './events/http.js';
import type { RedisEvent } from './events/redis.js';
import type { MongodbEvent } from './events/mongodb.js';
import type { MessageEvent } from './events/message.js';
import type { DnsEvent } from './events/dns.js';
import type { SocketEvent } from './events/socket.js';
import type { ProcessEvent } from './events/process.js';
import type { FileEvent } from './events/file.js';
import type { RandomEvent, StateEvent } from './events/drawn.js';

export type * from './events/base.js';
export type * from './events/sql.js';
export type * from './events/http.js';
export type * from './events/redis.js';
export type * from './events/mongodb.js';
export type * from './events/message.js';
export type * from './events/dns.js';
export type * from './events/socket.js';
export type * from './events/process.js';
export type * from './events/file.js';
export type * from './events/drawn.js';

export type IoEvent = SqlEvent | HttpEvent | RedisEvent | MongodbEvent | MessageEvent | DnsEvent | SocketEvent | ProcessEvent | FileEvent | StateEvent | RandomEvent;
export type EventKind = IoEvent['kind'];

/** What an instrumentation knows of an event; the recorder adds number, scope and times. */
export type EventBody = { [K in EventKind]: Omit<Extract<IoEvent, { kind: K }>, 'seq' | 'scope' | 'at' | 'ms' | 'done'> }[EventKind];
