import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ResponseReader } from './response-reader.js';

const HELLO = { text: 'hello' };

describe('the answer to a trigger', () => {
  it.each([
    ['with a length', 'GET', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', HELLO],
    ['in chunks, with an extension and a trailer', 'GET', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nDigest: z\r\n\r\n', HELLO],
    ['after an interim answer', 'GET', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', HELLO],
    ['without a body by its status', 'GET', 'HTTP/1.1 204 No Content\r\n\r\n', { text: '' }],
    ['without a body by its method', 'HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', { text: '' }],
    ['with bytes that are no text', 'GET', Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'), Buffer.from([0xff, 0xfe])]), { base64: '//4=' }],
  ])('%s is read, however it is split', (_name, method, answer, body) => {
    const bytes = Buffer.from(answer);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }), (sizes) => {
        const reader = new ResponseReader(method);
        const complete: boolean[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          complete.push(reader.push(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(complete.pop()).toBe(true);
        expect(complete).not.toContain(true);
        expect(reader.response?.body).toEqual(body);
      }),
    );
  });

  it('that ends with its connection is complete only then', () => {
    const reader = new ResponseReader('GET');
    expect(reader.push(Buffer.from('HTTP/1.0 200 OK\r\n\r\nhello'))).toBe(false);
    expect(reader.end()).toBe(true);
    expect(reader.response?.body).toEqual(HELLO);
  });

  it('that breaks off is not complete, and what came is kept', () => {
    const reader = new ResponseReader('GET');
    reader.push(Buffer.from('HTTP/1.1 500 Oops\r\nX-Case: Kept\r\nContent-Length: 50\r\n\r\nhello'));
    expect(reader.end()).toBe(false);
    expect(reader.response).toEqual({ status: 500, headers: [['X-Case', 'Kept'], ['Content-Length', '50']], body: HELLO });
  });

  it('that floods is cut, and says by how much', () => {
    const reader = new ResponseReader('GET');
    const size = 3 * 1024 * 1024;
    reader.push(Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`));
    expect(reader.push(Buffer.alloc(size, 'a'))).toBe(true);
    expect(reader.response?.body.truncated).toBe(2 * 1024 * 1024);
  });

  it('that is not HTTP is refused', () => {
    expect(() => new ResponseReader('GET').push(Buffer.from('SSH-2.0-x\r\n\r\n'))).toThrow('not HTTP/1');
  });
});
