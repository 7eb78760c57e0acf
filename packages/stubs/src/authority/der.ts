/**
 * The few DER forms that a certificate needs. A certificate library would do, but loading one costs more time than
 * the whole start of a sandbox may take.
 */
export const TAG = { integer: 0x02, bitString: 0x03, octetString: 0x04, oid: 0x06, utf8: 0x0c, sequence: 0x30, set: 0x31, generalizedTime: 0x18, boolean: 0x01 } as const;

export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), length(content.length), content]);
}

function length(size: number): Buffer {
  if (size < 0x80) return Buffer.from([size]);
  const bytes: number[] = [];
  for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

export function sequence(...contents: readonly Uint8Array[]): Buffer {
  return der(TAG.sequence, ...contents);
}

/** An object identifier in dotted form: `2.5.4.3`. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift(0x80 | (left % 128));
    bytes.push(...groups);
  }
  return der(TAG.oid, Buffer.from(bytes));
}

/** A non-negative integer; a leading zero keeps it so. */
export function integer(bytes: Uint8Array): Buffer {
  return der(TAG.integer, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

export function bitString(bytes: Uint8Array): Buffer {
  return der(TAG.bitString, Buffer.from([0]), bytes);
}

export function generalizedTime(time: Date): Buffer {
  return der(TAG.generalizedTime, Buffer.from(time.toISOString().replace(/[-:T]|\.\d+/g, '')));
}
