import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrameHead, FrameDecoder, MAX_FRAME, MAX_HEADER } from './frames.js';
import type { Frame } from './frames.js';

function bytesOf(frames: readonly Frame[]): Buffer {
  return Buffer.concat(frames.flatMap((frame) => [encodeFrameHead(frame.header, frame.payload.length), frame.payload]));
}

const anyFrame = fc.record({
  header: fc.record({ type: fc.string(), id: fc.nat(), text: fc.string({ unit: 'binary' }) }),
  payload: fc.uint8Array({ maxLength: 300 }),
});

describe('frames', () => {
  it('are the same however the stream is split', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 8 }), fc.array(fc.nat({ max: 60 }), { minLength: 1 }), (frames, sizes) => {
        const stream = bytesOf(frames);
        const decoder = new FrameDecoder();
        const seen: Frame[] = [];
        let turn = 0;
        for (let at = 0; at < stream.length; turn++) {
          const size = sizes[turn % sizes.length] === 0 ? 1 : (sizes[turn % sizes.length] ?? 1);
          seen.push(...decoder.push(stream.subarray(at, at + size)));
          at += size;
        }
        expect(decoder.between).toBe(true);
        expect(seen.map((frame) => frame.header)).toEqual(frames.map((frame) => frame.header));
        expect(seen.map((frame) => Buffer.from(frame.payload))).toEqual(frames.map((frame) => Buffer.from(frame.payload)));
      }),
    );
  });

  it('that are too large are refused before anything is sent', () => {
    expect(() => encodeFrameHead({ type: 'package' }, MAX_FRAME)).toThrow(expect.objectContaining({ code: 'DEJA_FRAME_TOO_LARGE' }));
    expect(() => encodeFrameHead({ type: 'log', text: 'x'.repeat(MAX_HEADER) }, 0)).toThrow(expect.objectContaining({ code: 'DEJA_FRAME_TOO_LARGE' }));
  });

  it.each([
    ['a length beyond the cap', [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 2]],
    ['a header longer than its frame', [0, 0, 0, 8, 0, 0, 0, 5]],
    ['a header that is not JSON', [0, 0, 0, 6, 0, 0, 0, 2, 0x7b, 0x7b]],
    ['a header without a type', [0, 0, 0, 6, 0, 0, 0, 2, 0x7b, 0x7d]],
  ])('with %s are refused', (_what, bytes) => {
    expect(() => new FrameDecoder().push(Uint8Array.from(bytes))).toThrow(expect.objectContaining({ code: 'DEJA_FRAME_INVALID' }));
  });

  it('cut off at the end are noticed', () => {
    const decoder = new FrameDecoder();
    decoder.push(bytesOf([{ header: { type: 'stop', id: 1 }, payload: new Uint8Array(3) }]).subarray(0, -1));
    expect(decoder.between).toBe(false);
  });
});
