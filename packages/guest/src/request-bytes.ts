import type { Body, HeaderList, HttpTrigger } from '@deja/format';
import { AgentError } from './failure.js';

/**
 * The recorded request as bytes: request line, header order and case as they were. Only what has to agree with the body
 * that we have is changed: Content-Length, where redaction or a cap changed the length, and the chunks of a chunked body.
 *
 * @throws AgentError DEJA_PLAN_INVALID
 */
export function requestBytes(trigger: HttpTrigger, blobs: Readonly<Record<string, string>>): Buffer {
  const version = trigger.httpVersion ?? '1.1';
  if (!version.startsWith('1.')) {
    throw new AgentError('DEJA_PLAN_INVALID', `the trigger ${trigger.method} ${trigger.target} came over HTTP/${version}: only HTTP/1 can be sent`);
  }
  const body = trigger.body ? bodyBytes(trigger.body, blobs) : Buffer.alloc(0);
  const chunked = trigger.headers.some(([name, value]) => name.toLowerCase() === 'transfer-encoding' && /\bchunked\b/i.test(value));
  const headers = chunked ? trigger.headers : withLength(trigger.headers, body.length);
  const head = [`${trigger.method} ${trigger.target} HTTP/${version}`, ...headers.map(([name, value]) => `${name}: ${value}`)];
  const line = head.find((each) => /[\r\n]/.test(each));
  if (line !== undefined) throw new AgentError('DEJA_PLAN_INVALID', `a line break within a line of the trigger's head: ${JSON.stringify(line)}`);
  // Header bytes are latin1 on the wire, as Node read them.
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), chunked ? chunks(body) : body]);
}

export function bodyBytes(body: Body, blobs: Readonly<Record<string, string>>): Buffer {
  if ('text' in body) return Buffer.from(body.text, 'utf8');
  if ('base64' in body) return Buffer.from(body.base64, 'base64');
  const content = blobs[body.blob];
  if (content === undefined) throw new AgentError('DEJA_PLAN_INVALID', `the trigger's body ${body.blob} is not among the plan's blobs`);
  return Buffer.from(content, 'base64');
}

function withLength(headers: HeaderList, length: number): HeaderList {
  if (headers.some(([name]) => name.toLowerCase() === 'content-length')) {
    return headers.map(([name, value]) => [name, name.toLowerCase() === 'content-length' ? String(length) : value]);
  }
  return length === 0 ? headers : [...headers, ['Content-Length', String(length)]];
}

function chunks(body: Buffer): Buffer {
  const end = Buffer.from('0\r\n\r\n');
  if (body.length === 0) return end;
  return Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n'), end]);
}
