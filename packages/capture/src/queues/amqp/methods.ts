/** Numbers of AMQP's methods as frames have them: class in the upper half. */
export const METHOD = {
  channelClose: (20 << 16) | 40,
  consume: (60 << 16) | 20,
  publish: (60 << 16) | 40,
  return: (60 << 16) | 50,
  get: (60 << 16) | 70,
  getOk: (60 << 16) | 71,
  properties: 60,
  ack: (60 << 16) | 80,
  reject: (60 << 16) | 90,
  nack: (60 << 16) | 120,
} as const;

/** Methods with an answer of which a client learns something, and what they are called in events. All others set up channels. */
export const ASKING: ReadonlyMap<number, string> = new Map([
  [(40 << 16) | 10, 'exchange.declare'],
  [(40 << 16) | 20, 'exchange.delete'],
  [(40 << 16) | 30, 'exchange.bind'],
  [(40 << 16) | 40, 'exchange.unbind'],
  [(50 << 16) | 10, 'queue.declare'],
  [(50 << 16) | 20, 'queue.bind'],
  [(50 << 16) | 30, 'queue.purge'],
  [(50 << 16) | 40, 'queue.delete'],
  [(50 << 16) | 50, 'queue.unbind'],
  [METHOD.consume, 'basic.consume'],
  [METHOD.get, 'basic.get'],
]);

export const SETTLING: ReadonlyMap<number, 'ack' | 'nack' | 'reject'> = new Map([
  [METHOD.ack, 'ack'],
  [METHOD.nack, 'nack'],
  [METHOD.reject, 'reject'],
]);

const PROPERTIES = new Set([
  'contentType', 'contentEncoding', 'headers', 'deliveryMode', 'priority', 'correlationId', 'replyTo', 'expiration', 'messageId', 'timestamp', 'type', 'userId', 'appId', 'clusterId', 'mandatory',
]);
/** Where a message or question goes to is its destination; the rest of these says nothing. */
const LEFT_OUT = new Set(['ticket', 'nowait', 'immediate']);

/** What a client chose of a method's fields: what is empty or off is as if it were not there. */
export function chosenFields(fields: object, destination: string): Readonly<Record<string, unknown>> {
  return given(fields, (name) => name !== destination && !LEFT_OUT.has(name));
}

/** Of a message that is published. */
export function messageProperties(fields: object): Readonly<Record<string, unknown>> {
  return given(fields, (name) => PROPERTIES.has(name));
}

/** Of a message that was delivered: all that are there, empty ones too. */
export function presentProperties(properties: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(properties).filter(([name, value]: [string, unknown]) => PROPERTIES.has(name) && value !== undefined));
}

function given(fields: object, isMeant: (name: string) => boolean): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]: [string, unknown]) => {
      const whole = isTable(value) ? inheritedToo(value) : value;
      return !isMeant(name) || isEmpty(whole) ? [] : [[name, whole]];
    }),
  );
}

function isTable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** The client makes tables that inherit from what the application gave, and sends all of it. */
function inheritedToo(table: object): Readonly<Record<string, unknown>> {
  const whole: Record<string, unknown> = {};
  for (const name in table) whole[name] = Reflect.get(table, name);
  return whole;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '' || value === 0) return true;
  return isTable(value) && Object.values(value).every((one) => one === undefined);
}
