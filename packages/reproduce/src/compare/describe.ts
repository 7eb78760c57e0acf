import type { Cell, IoEvent, Outcome, RedisReply } from '@deja/format';

const LONGEST = 300;

/** What an event asked of the outside, in one line. */
export function describeRequest(event: IoEvent): string {
  switch (event.kind) {
    case 'sql':
      return cut(`${event.database}: ${event.text.replaceAll(/\s+/g, ' ').trim()}${event.params?.length ? ` [${event.params.map(describeCell).join(', ')}]` : ''}`);
    case 'http':
      return cut(`${event.method} ${event.url}`);
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

function cut(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}
