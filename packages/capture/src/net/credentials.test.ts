import { describe, expect, it } from 'vitest';
import { withoutCredentials } from './credentials.js';

const replace = (password: string): string => `<${password.length}>`;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const text = (value: string): Buffer => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)]);

const packet = (version: number, properties: readonly number[], password: string): Buffer => {
  const content = Buffer.concat([text('MQTT'), Buffer.from([version, 0xc2, 0, 60, ...properties]), text('id'), text('me'), text(password)]);
  return Buffer.concat([Buffer.from([0x10, content.length]), content]);
};

/** What is left of what the client says, after the server has said something. */
function cleaned(client: string | Buffer, server = ''): string {
  const pieces = [{ from: 'server', at: 0, bytes: Buffer.from(server) }, { from: 'client', at: 1, bytes: Buffer.from(client) }] as const;
  return Buffer.from(withoutCredentials(pieces, replace)[1]?.bytes ?? []).toString('latin1');
}

describe('passwords of common protocols', () => {
  it.each([
    [`AUTH PLAIN ${base64('\0me\0secret')}\r\n`, `AUTH PLAIN ${base64('\0me\0<6>')}\r\n`],
    [`AUTH XOAUTH2 ${base64('user=me\x01auth=Bearer token\x01\x01')}\r\n`, `AUTH XOAUTH2 ${base64('user=me\x01auth=Bearer <5>\x01\x01')}\r\n`],
    ['PASS secret\r\n', 'PASS <6>\r\n'],
    ['a1 LOGIN me "secret"\r\n', 'a1 LOGIN me "<6>"\r\n'],
    ['PASSAGE of time\r\n', 'PASSAGE of time\r\n'],
    ['AUTH LOGIN\r\n', 'AUTH LOGIN\r\n'],
  ])('%j', (said, left) => expect(cleaned(said)).toBe(left));

  it('are answers to a challenge, but not the user', () => {
    expect(cleaned(`${base64('secret')}\r\n`, '334 UGFzc3dvcmQ6\r\n')).toBe(`${base64('<6>')}\r\n`);
    expect(cleaned(`${base64('me')}\r\n`, '334 VXNlcm5hbWU6\r\n')).toBe(`${base64('me')}\r\n`);
    expect(cleaned(`${base64('me')}\r\n`, '250 ok\r\n')).toBe(`${base64('me')}\r\n`);
  });

  it('are in the CONNECT of MQTT, whose lengths stay right', () => {
    expect(cleaned(packet(4, [], 'secret'))).toBe(packet(4, [], '<6>').toString('latin1'));
    expect(cleaned(packet(5, [5, 17, 0, 0, 0, 1], 'secret'))).toBe(packet(5, [5, 17, 0, 0, 0, 1], '<6>').toString('latin1'));
    expect(cleaned(packet(4, [], 'secret').subarray(0, 20))).toBe(packet(4, [], 'secret').toString('latin1', 0, 20));
  });
});
