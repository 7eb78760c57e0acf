import type { Cell, HttpEvent, IoEvent, Outcome, RedisReply } from '@deja/format';

/** What is shown for orientation stays on a line; the whole of an event is `deja event`. */
const LONGEST = 200;

/** What an event asked of the outside, in one line. */
export function describeRequest(event: IoEvent): string {
  switch (event.kind) {
    case 'sql':
      return cut(`${event.database}: ${event.text}${event.params?.length ? ` [${event.params.map(describeCell).join(', ')}]` : ''}`);
    case 'http':
      return cut(s3Operation(event) ?? `${event.method} ${event.url}`);
    case 'redis':
      return cut(`${event.server}: ${event.command.map((part) => (typeof part === 'string' ? part : `base64:${part.base64}`)).join(' ')}`);
    case 'dns':
      return `resolve ${event.hostname}`;
    case 'socket':
      return `connect ${event.host}:${event.port}`;
    case 'state':
      return `state ${event.name}`;
    case 'random':
      return event.source;
  }
}

/** How an event ended, in one line. */
export function describeOutcome(event: IoEvent): string {
  switch (event.kind) {
    case 'sql':
      return outcome(event.outcome, ({ command, rowCount, rows }) => `${command} ${rowCount ?? ''} ${JSON.stringify(rows)}`);
    case 'http':
      return outcome(event.outcome, ({ status, body }) => `${status}${body && 'text' in body ? ` ${body.text}` : ''}`);
    case 'redis':
      return outcome(event.outcome, describeReply);
    case 'dns':
      return outcome(event.outcome, ({ addresses }) => addresses.join(', '));
    case 'socket':
      return outcome(event.outcome, ({ bytesReceived }) => `${bytesReceived} bytes received`);
    case 'state':
    case 'random':
      return outcome(event.outcome, ({ value }) => JSON.stringify(value));
  }
}

export function describeCell(cell: Cell): string {
  if (cell === null) return 'NULL';
  if (typeof cell === 'string') return JSON.stringify(cell);
  return 'base64' in cell ? `base64:${cell.base64}` : cell.text;
}

function describeReply(reply: RedisReply): string {
  return JSON.stringify(reply);
}

function outcome<T>(ended: Outcome<T>, describeOk: (value: T) => string): string {
  if ('ok' in ended) return cut(describeOk(ended.ok));
  if ('pending' in ended) return 'no answer yet';
  const { name, code, message } = ended.error;
  return cut(`${name ?? 'error'}${code === undefined ? '' : ` ${code}`}: ${message}`);
}

function s3Operation({ service, attributes }: HttpEvent): string | undefined {
  if (service !== 's3' || attributes?.['rpc.method'] === undefined) return undefined;
  const where = [attributes['aws.s3.bucket'], attributes['aws.s3.key']].filter((part) => part !== undefined).join('/');
  return `S3 ${attributes['rpc.method']} ${where}`;
}

function cut(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST)}…`;
}
