const CRLF = Buffer.from('\r\n');

export function natsInfo(info: Readonly<Record<string, unknown>>): Buffer {
  return Buffer.from(`INFO ${JSON.stringify(info)}\r\n`);
}

/** `text` without quotes. */
export function natsError(text: string): Buffer {
  return Buffer.from(`-ERR '${text}'\r\n`);
}

export const NATS_PING = Buffer.from('PING\r\n');
export const NATS_PONG = Buffer.from('PONG\r\n');
export const NATS_OK = Buffer.from('+OK\r\n');

export interface NatsDelivery {
  readonly subject: string;
  readonly sid: string;
  readonly reply?: string | undefined;
  /** After `NATS/1.0`: `503`, `404 No Messages`. */
  readonly status?: string | undefined;
  readonly headers?: readonly (readonly [name: string, value: string])[] | undefined;
  readonly payload: Buffer;
}

/** A message for a subscription. */
export function natsMessage({ subject, sid, reply, status, headers = [], payload }: NatsDelivery): Buffer {
  const to = `${subject} ${sid}${reply === undefined || reply === '' ? '' : ` ${reply}`}`;
  if (headers.length === 0 && status === undefined) return Buffer.concat([Buffer.from(`MSG ${to} ${payload.length}\r\n`), payload, CRLF]);
  const block = Buffer.from(`NATS/1.0${status === undefined ? '' : ` ${status}`}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
  return Buffer.concat([Buffer.from(`HMSG ${to} ${block.length} ${block.length + payload.length}\r\n`), block, payload, CRLF]);
}

/** Headers of a block as it was sent; its first line is left out. */
export function readNatsHeaders(block: Buffer): readonly (readonly [name: string, value: string])[] {
  return block.toString('utf8').split('\r\n').slice(1).flatMap((line) => {
    const colon = line.indexOf(':');
    return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1).trim()] as const] : [];
  });
}

/** Whether a subject is one that a subscription to `pattern` gets. */
export function natsSubjectMatches(pattern: string, subject: string): boolean {
  const [wanted, parts] = [pattern.split('.'), subject.split('.')];
  for (const [index, token] of wanted.entries()) {
    if (token === '>') return parts.length > index;
    if (parts[index] === undefined || (token !== '*' && token !== parts[index])) return false;
  }
  return wanted.length === parts.length;
}
