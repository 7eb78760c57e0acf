import { describe, expect, it } from 'vitest';
import { requestBytes } from './request-bytes.js';
import { get } from './testing/plan.js';

function sent(rest: Parameters<typeof get>[2], blobs: Readonly<Record<string, string>> = {}): string {
  return requestBytes(get(80, '/a?b=c', rest), blobs).toString('latin1');
}

describe('a recorded request is sent', () => {
  it('with its request line, and its headers in their order and case', () => {
    const headers = [['hOST', 'x'], ['X-B', '2'], ['x-a', '1'], ['X-B', '3']] as const;
    expect(sent({ method: 'DELETE', headers })).toBe('DELETE /a?b=c HTTP/1.1\r\nhOST: x\r\nX-B: 2\r\nx-a: 1\r\nX-B: 3\r\n\r\n');
  });

  it('with a length that fits the body that we have', () => {
    expect(sent({ method: 'POST', headers: [['content-length', '99']], body: { text: 'é' } })).toBe('POST /a?b=c HTTP/1.1\r\ncontent-length: 2\r\n\r\n\xc3\xa9');
  });

  it('in one chunk where it came in chunks', () => {
    expect(sent({ method: 'POST', headers: [['Transfer-Encoding', 'chunked']], body: { base64: 'AAE=' } }).endsWith('\r\n\r\n2\r\n\0\x01\r\n0\r\n\r\n')).toBe(true);
  });

  it('with a body from the blobs of the plan', () => {
    expect(sent({ headers: [], body: { blob: 'abc', size: 2 } }, { abc: 'aGk=' })).toMatch(/Content-Length: 2\r\n\r\nhi$/);
    expect(() => sent({ body: { blob: 'abc', size: 2 } })).toThrow(expect.objectContaining({ code: 'DEJA_PLAN_INVALID' }));
  });

  it('never with a second request hidden in a header', () => {
    expect(() => sent({ headers: [['X', 'a\r\n\r\nGET /other HTTP/1.1']] })).toThrow(expect.objectContaining({ code: 'DEJA_PLAN_INVALID' }));
  });

  it('not at all when it was HTTP/2', () => {
    expect(() => sent({ httpVersion: '2.0' })).toThrow(/HTTP\/2/);
  });
});
