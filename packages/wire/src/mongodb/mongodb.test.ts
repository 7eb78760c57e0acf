import { describe, expect, it } from 'vitest';
import { MONGODB_KIND, mongodbAnswer, mongodbMessage, MongodbMessageParser, mongodbQueryAnswer, readMongodbOpMsg, readMongodbQuery } from './index.js';

/** `{ ok: 1 }` and `{}`. */
const OK = Buffer.from('0d000000106f6b000100000000', 'hex').subarray(0, 13);
const EMPTY = Buffer.from('0500000000', 'hex');

function sequence(name: string, ...documents: readonly Buffer[]): Buffer {
  const content = Buffer.concat([Buffer.from(`${name}\0`), ...documents]);
  const head = Buffer.alloc(5);
  head[0] = 1;
  head.writeInt32LE(content.length + 4, 1);
  return Buffer.concat([head, content]);
}

describe('messages of MongoDB', () => {
  it('are found in any split of the bytes', () => {
    const bytes = Buffer.concat([mongodbAnswer(OK, { id: 7, answers: 3 }), mongodbQueryAnswer(EMPTY, { id: 8, answers: 4 })]);
    for (const size of [1, 3, 16, 17, bytes.length]) {
      const parser = new MongodbMessageParser();
      const found = [];
      for (let at = 0; at < bytes.length; at += size) found.push(...parser.push(bytes.subarray(at, at + size)));
      expect(found.map(({ id, answers, kind }) => [id, answers, kind]), `pieces of ${size}`).toEqual([[7, 3, MONGODB_KIND.msg], [8, 4, MONGODB_KIND.reply]]);
    }
  });

  it('whose length is none are refused at once', () => {
    for (const length of [0, 15, -1, 48_000_001]) {
      const bytes = Buffer.alloc(16);
      bytes.writeInt32LE(length, 0);
      expect(() => new MongodbMessageParser().push(bytes), String(length)).toThrow(`MongoDB: a message cannot have ${length} bytes`);
    }
    expect(() => new MongodbMessageParser().push(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toThrow('cannot have');
  });

  it('have a document, and lists of further ones under their names', () => {
    const body = Buffer.concat([Buffer.from([2, 0, 0, 0]), sequence('ops', OK, EMPTY), Buffer.from([0]), OK, sequence('nsInfo', EMPTY)]);
    expect(readMongodbOpMsg(body)).toEqual({ moreToCome: true, document: OK, sequences: [{ name: 'ops', documents: [OK, EMPTY] }, { name: 'nsInfo', documents: [EMPTY] }] });
    const withChecksum = Buffer.concat([Buffer.from([1, 0, 0, 0, 0]), OK, Buffer.alloc(4)]);
    expect(readMongodbOpMsg(withChecksum).document).toEqual(OK);
  });

  it.each([
    ['no flags', Buffer.alloc(3)],
    ['0 documents', Buffer.alloc(4)],
    ['a section of kind 9', Buffer.from([0, 0, 0, 0, 9])],
    ['a document that does not end', Buffer.concat([Buffer.alloc(5), OK.subarray(0, 8)])],
    ['a document that does not end', Buffer.concat([Buffer.alloc(5), Buffer.from([4, 0, 0, 0])])],
    ['a list of documents that does not end', Buffer.concat([Buffer.alloc(4), sequence('ops', OK).subarray(0, 9)])],
    ['2 documents', Buffer.concat([Buffer.alloc(5), OK, Buffer.from([0]), OK])],
  ])('with %s are refused', (what, body) => {
    expect(() => readMongodbOpMsg(body)).toThrow(what);
  });

  it('begin a connection by a query', () => {
    const body = Buffer.concat([Buffer.alloc(4), Buffer.from('admin.$cmd\0'), Buffer.alloc(8), OK]);
    expect(readMongodbQuery(body)).toEqual({ collection: 'admin.$cmd', document: OK });
    expect(() => readMongodbQuery(body.subarray(0, 12))).toThrow('a collection that does not end');
    expect(mongodbMessage({ id: 1, answers: 2, kind: 3 }, [OK]).readInt32LE(0)).toBe(29);
  });
});
