import type { Recorder } from '../../core/recorder.js';
import { ConnectionEvent } from '../shared/connection-event.js';
import { inContext } from '../shared/in-context.js';
import { sessionOf } from '../shared/sessions.js';
import { field, isFunction, textField } from '../shared/values.js';
import { wrapMethod } from '../shared/wrap.js';
import { eventOf, patchWritePacket, track } from './command.js';
import { databaseOf } from './database.js';
import { type MysqlStatement, MysqlStatementEvent } from './statement-event.js';

/** What the patches need of the loaded copy of `mysql2`. */
export interface MysqlCopy {
  readonly recorder: Recorder;
  /** After the first statement that a database answered. */
  readonly onAnswer: (connection: object) => void;
}

/** The call of `execute` under way: it adds a command that prepares and one that executes. */
let executing: { readonly given: unknown; event: MysqlStatementEvent | null | undefined } | undefined;
/** The call of `query` under way: `format` is told the text with its marks. */
let formatting: { template: string | undefined } | undefined;

const connecting = new WeakMap<object, ConnectionEvent>();

export function patchConnection(prototype: object, mysql: MysqlCopy): void {
  patchWritePacket(prototype);
  wrapMethod(prototype, 'query', (original) => function query(this: unknown, ...args) {
    const outer = formatting;
    formatting = { template: undefined };
    try {
      return original.apply(this, args);
    } finally {
      formatting = outer;
    }
  });
  wrapMethod(prototype, 'format', (original) => function format(this: unknown, ...args) {
    const [text, values] = args;
    // Named marks were turned into plain ones by now.
    if (formatting !== undefined && typeof text === 'string' && Array.isArray(values) && values.length > 0) formatting.template = text;
    return original.apply(this, args);
  });
  wrapMethod(prototype, 'execute', (original) => function execute(this: unknown, ...args) {
    const outer = executing;
    executing = { given: field(args[0], 'values') ?? args[1], event: undefined };
    try {
      return original.apply(this, args);
    } finally {
      executing = outer;
    }
  });
  wrapMethod(prototype, 'addCommand', (original) => function addCommand(this: unknown, ...args) {
    const [command] = args;
    if (typeof this === 'object' && this !== null && typeof command === 'object' && command !== null) begin(mysql, this, command);
    return original.apply(this, args);
  });
  // Commands without a callback hear of the connection's end by its own event, or not at all.
  wrapMethod(prototype, '_notifyError', (original) => function _notifyError(this: unknown, ...args) {
    try {
      const alreadyTold = field(this, '_fatalError');
      if (!alreadyTold) for (const command of commandsOf(this)) eventOf(command)?.failed(args[0]);
      if (typeof this === 'object' && this !== null) connecting.get(this)?.failed(args[0]);
    } catch {
      // Observation must not break the connection.
    }
    return original.apply(this, args);
  });
}

export function patchPool(prototype: object): void {
  // A waiting caller is served when somebody else gives a connection back, in that somebody's context.
  wrapMethod(prototype, 'getConnection', (original) => function getConnection(this: unknown, ...args) {
    const [callback] = args;
    return original.apply(this, isFunction(callback) ? [inContext(callback), ...args.slice(1)] : args);
  });
}

function begin(mysql: MysqlCopy, connection: object, command: object): void {
  try {
    const kind = textField(command.constructor, 'name');
    if (kind === 'Query') statement(mysql, connection, command, { text: textField(command, 'sql') ?? '', template: formatting?.template, prepared: false });
    else if (kind === 'Prepare') prepare(mysql, connection, command);
    else if (kind === 'Execute') execute(mysql, connection, command);
    else if (kind === 'ClientHandshake') connect(mysql, connection, command);
  } catch {
    // What could not be observed runs unobserved.
  }
}

function statement(mysql: MysqlCopy, connection: object, command: object, asked: MysqlStatement): void {
  const event = open(mysql, connection, asked);
  if (event !== null) track(command, event, 'statement');
}

/** Within a call of `execute` the statement begins here; alone, it becomes an event when the server refuses it. */
function prepare(mysql: MysqlCopy, connection: object, command: object): void {
  const given = executing?.given;
  const event = open(mysql, connection, { text: textField(command, 'query') ?? '', template: undefined, prepared: true, ...(Array.isArray(given) ? { given } : {}) });
  if (executing !== undefined) executing.event = event;
  if (event === null) return;
  track(command, event, 'prepare');
  if (executing !== undefined) return;
  const callback = field(command, 'onResult');
  if (!isFunction(callback)) return;
  Reflect.set(command, 'onResult', inContext(function (this: unknown, ...results: unknown[]) {
    if (results[0]) event.failed(results[0]);
    else event.forget();
    return callback.apply(this, results);
  }));
}

function execute(mysql: MysqlCopy, connection: object, command: object): void {
  if (executing?.event === undefined) {
    const text = textField(field(command, 'statement'), 'query') ?? textField(command, 'sql') ?? '';
    return statement(mysql, connection, command, { text, template: undefined, prepared: true });
  }
  if (executing.event !== null) track(command, executing.event, 'statement');
}

function open(mysql: MysqlCopy, connection: object, asked: MysqlStatement): MysqlStatementEvent | null {
  const event = new MysqlStatementEvent(databaseOf(connection), asked);
  const recorded = mysql.recorder.begin(event);
  if (recorded === null) return null;
  event.begun(recorded, sessionOf(connection), () => mysql.onAnswer(connection));
  return event;
}

function connect({ recorder }: MysqlCopy, connection: object, handshake: object): void {
  const database = databaseOf(connection);
  const event = ConnectionEvent.begin(recorder, 'mysql', database.host, database.port, (pack) => void database.register(pack));
  connecting.set(connection, event);
  const on = field(handshake, 'once');
  if (!isFunction(on)) return;
  on.call(handshake, 'end', () => {
    // A refused login ends as well, after its error.
    if (field(connection, '_fatalError') || field(connection, '_protocolError')) return;
    connecting.delete(connection);
    event.established();
  });
}

function commandsOf(connection: unknown): readonly unknown[] {
  const queue = field(connection, '_commands');
  const length = Number(field(queue, 'length') ?? 0);
  const get = field(queue, 'get') ?? field(queue, 'peekAt');
  const waiting = isFunction(get) ? Array.from({ length }, (_, index) => get.call(queue, index)) : [];
  return [field(connection, '_command'), ...waiting];
}
