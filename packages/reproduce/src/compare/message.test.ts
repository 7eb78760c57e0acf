import { describe, expect, it } from 'vitest';
import { sameMessage } from './message.js';

describe('texts of errors', () => {
  it.each([
    ['a', 'a', true],
    ['a', 'b', false],
    [undefined, 'a', false],
    ['token redacted-Xy1_z refused', 'token s3cr3t refused', true],
    ['token redacted-Xy1_z refused', 'token s3cr3t accepted', false],
    ['redacted-a redacted-b', 'one two', true],
    ['redacted-a and redacted-b', 'one or two', false],
    ['abredacted-a', 'a', false],
    ['write EPROTO 40FDAAF40C7F0000:error:0A00010B:SSL routines', 'write EPROTO 407D69FA217F0000:error:0A00010B:SSL routines', true],
    ['write EPROTO 40FDAAF40C7F0000:error:0A00010B:SSL routines', 'write EPROTO 40FDAAF40C7F0000:error:0A00042E:SSL routines', false],
  ])('%j and %j: %j', (recorded, replayed, same) => {
    expect(sameMessage(recorded, replayed)).toBe(same);
  });
});
