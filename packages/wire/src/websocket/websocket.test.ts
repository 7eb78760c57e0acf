import { array, assert, boolean, integer, property, record, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closePayload, deflateMessage, encodeFrame, MessageAssembler, OPCODES, type WebSocketFrame, WebSocketFrameParser } from './index.js';

const LARGEST = 1 << 20;
const MASK = Uint8Array.from([1, 2, 3, 250]);

function frame(opcode: number, text: string, fin = true): WebSocketFrame {
  return { fin, compressed: false, masked: false, opcode, payload: Buffer.from(text) };
}

describe('WebSocket frames', () => {
  it('refuses what is no frame, and frames that are too large', () => {
    expect(() => new WebSocketFrameParser(LARGEST).push(Buffer.from('GET / HTTP/1.1'))).not.toThrow();
    expect(() => new WebSocketFrameParser(LARGEST).push(Buffer.from([0x31, 0x00]))).toThrow('a frame begins with 0x31');
    expect(() => new WebSocketFrameParser(100).push(encodeFrame({ fin: true, compressed: false, opcode: OPCODES.binary, payload: Buffer.alloc(101) }))).toThrow('a frame of 101 bytes');
  });

  it('refuses damaged compression', () => {
    const damaged = { ...frame(OPCODES.text, ''), compressed: true, payload: Buffer.from([0xff, 0xff, 0xff]) };
    expect(() => new MessageAssembler(LARGEST).push(damaged)).toThrow();
  });

  it('reads what it wrote, however the bytes are cut', () => {
    const message = record({ text: boolean(), data: uint8Array({ maxLength: 70_000 }), compressed: boolean(), masked: boolean(), pieces: integer({ min: 1, max: 4 }) });
    assert(
      property(array(message, { maxLength: 5 }), integer({ min: 1, max: 5000 }), (messages, step) => {
        const wire = Buffer.concat(messages.flatMap(({ text, data, compressed, masked, pieces }) => {
          const payload = compressed ? deflateMessage(data, 15) : Buffer.from(data);
          const size = Math.ceil(payload.length / pieces);
          return Array.from({ length: pieces }, (_, index) => encodeFrame({
            fin: index === pieces - 1,
            compressed: compressed && index === 0,
            opcode: index > 0 ? OPCODES.continuation : text ? OPCODES.text : OPCODES.binary,
            payload: payload.subarray(index * size, index === pieces - 1 ? payload.length : (index + 1) * size),
          }, masked ? MASK : undefined));
        }));
        const parser = new WebSocketFrameParser(LARGEST);
        const assembler = new MessageAssembler(LARGEST);
        const read = [];
        for (let at = 0; at < wire.length; at += step) for (const one of parser.push(wire.subarray(at, at + step))) read.push(assembler.push(one));
        const whole = read.filter((one) => one !== null).map(({ type, data, compressed }) => ({ type, data: data.toString('hex'), compressed }));
        expect(whole).toEqual(messages.map(({ text, data, compressed }) => ({ type: text ? 'text' : 'binary', data: Buffer.from(data).toString('hex'), compressed })));
      }),
      { numRuns: 60 },
    );
  });

  it('tells control frames between fragments, and codes of closing', () => {
    const assembler = new MessageAssembler(LARGEST);
    expect(assembler.push(frame(OPCODES.text, 'one ', false))).toBeNull();
    expect(assembler.push(frame(OPCODES.ping, 'there'))).toMatchObject({ type: 'ping', data: Buffer.from('there') });
    expect(assembler.push(frame(OPCODES.continuation, 'two'))).toMatchObject({ type: 'text', data: Buffer.from('one two'), fragments: [4, 3] });
    expect(assembler.push({ ...frame(OPCODES.close, ''), payload: closePayload(1001, 'bye') })).toMatchObject({ type: 'close', code: 1001, data: Buffer.from('bye') });
    expect(assembler.push(frame(OPCODES.text, 'cut', false))).toBeNull();
    expect(assembler.unfinished()).toMatchObject({ type: 'text', data: Buffer.from('cut') });
  });
});
