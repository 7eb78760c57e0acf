import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ErrorInfo } from '@deja/format';
import { isLuhn } from './derive.js';
import { policyOf } from './policy.js';
import { redactArguments, redactEnv } from './process-data.js';
import { Redactor } from './redactor.js';

const key = Buffer.from('a key for tests');
const redactor = (setting?: string): Redactor => new Redactor({ key, policy: policyOf(setting) });
const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('by name', () => {
  test.each(['password', 'user_password', 'passwordHash', 'X-Api-Key', 'apiKey', 'api_key', 'clientSecret', 'AWS_SECRET_ACCESS_KEY', 'access_token', 'Authorization', 'sessionId', 'cvv', 'credit_card', 'SESSION_SECRET', 'stripe_token'])('%s is secret', (name) => {
    expect(redactor().value(name, 'Tr0ub4dor&3 horse')).toMatch(/^redacted-/);
  });

  test.each(['author', 'secretary', 'token_type', 'password_changed_at', 'cookie_domain', 'max_tokens', 'monkey', 'id', 'session_count', 'passport_country', 'NextContinuationToken', 'page_token', 'continuation-token'])('%s is not', (name) => {
    expect(redactor().value(name, 'some value')).toBe('some value');
  });

  test.each([['password', ''], ['password', 'true'], ['password', 'null'], ['password', '2024-05-01 10:00:00+00'], ['token', '0']])('%s = %j says nothing secret', (name, value) => {
    expect(redactor().value(name, value)).toBe(value);
  });

  test('NULL stays NULL, JSON in a cell is redacted inside', () => {
    expect(redactor().cell('password_hash', null)).toBeNull();
    expect(redactor().cell('data', '{"a": 1,  "token":"s3cr3t-value"}')).toMatch(/^\{"a": 1, {2}"token":"redacted-\w+"\}$/);
  });
});

describe('shapes that software depends on', () => {
  test('bcrypt', () => {
    const hash = '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy';
    expect(redactor().value('password_hash', hash)).toMatch(/^\$2b\$10\$redacted[./A-Za-z0-9]{45}$/);
  });
  test('UUID, number, hex, base64, e-mail', () => {
    const r = redactor();
    expect(r.value('token', '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d')).toMatch(/^5ec2e7ed-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(r.value('pin', '482913')).toMatch(/^[1-9]\d{5}$/);
    expect(r.value('secret', 'ab'.repeat(32))).toMatch(/^[0-9a-f]{64}$/);
    expect(Buffer.from(r.value('secret', Buffer.alloc(32, 7).toString('base64')), 'base64')).toHaveLength(32);
    expect(r.value('secret', 'jo@shop.example')).toMatch(/^redacted-\w+@redacted\.invalid$/);
  });
  test('a JWT stays decodable, with its times', () => {
    const token = `${b64({ alg: 'HS256', typ: 'JWT' })}.${b64({ sub: 'user-4711', exp: 1_900_000_000, nbf: 5, email: 'jo@shop.example' })}.c2lnbmF0dXJlc2lnbmF0dXJl`;
    const redacted = redactor().header('authorization', `Bearer ${token}`);
    const [header, payload, signature] = redacted.slice('Bearer '.length).split('.');
    expect(JSON.parse(Buffer.from(header ?? '', 'base64url').toString())).toEqual({ alg: 'HS256', typ: 'JWT' });
    const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as Record<string, unknown>;
    expect(claims).toMatchObject({ exp: 1_900_000_000, nbf: 5 });
    expect(JSON.stringify(claims)).not.toContain('4711');
    expect(signature).toMatch(/^redacted/);
    expect(redactor().header('authorization', redacted)).toBe(redacted);
  });
  test('Basic is encoded again, the user kept', () => {
    const redacted = redactor().header('Authorization', `Basic ${Buffer.from('jo:hunter22').toString('base64')}`);
    expect(Buffer.from(redacted.slice('Basic '.length), 'base64').toString()).toMatch(/^jo:redacted-\w+$/);
  });
  test('card numbers stay card numbers', () => {
    const redacted = redactor().text('card 4242 4242 4242 4242 was declined').slice(5, 24);
    expect(redacted).toMatch(/^4000 00\d\d \d{4} \d{4}$/);
    expect(isLuhn(redacted.replaceAll(' ', ''))).toBe(true);
  });
  test('a URL stays a URL', () => {
    expect(redactor().text('postgres://shop:pa55word@db.example:5432/shop?sslmode=off')).toMatch(/^postgres:\/\/shop:redacted-\w+@db\.example:5432\/shop\?sslmode=off$/);
    expect(redactor().url('/reset?token=abc%2Bdef&next=%2Fhome&a+b=1')).toMatch(/^\/reset\?token=redacted-\w+&next=%2Fhome&a\+b=1$/);
  });
  test('cookies keep their names and attributes', () => {
    expect(redactor().header('Cookie', 'sid=s%3Aabc.def; theme=')).toMatch(/^sid=redacted-\w+; theme=$/);
    expect(redactor().header('Set-Cookie', 'sid=abcdef; Path=/; HttpOnly')).toMatch(/^sid=redacted-\w+; Path=\/; HttpOnly$/);
  });
  test('a preference in a cookie is no secret: its value is found all over the package', () => {
    const one = redactor();
    expect(one.header('cookie', 'a=1; theme=dark; lang=en-GB; pin=42; visitor=abc123xyz')).toMatch(/^a=1; theme=dark; lang=en-GB; pin=\d\d; visitor=redacted-\w+$/);
    expect(one.sweep({ params: ['1', 'dark', 'en-GB', 'abc123xyz'] })).toEqual({ params: ['1', 'dark', 'en-GB', expect.stringMatching(/^redacted-/)] });
  });
  test('an AWS signature keeps its structure', () => {
    const header = 'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20240501/eu-west-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024';
    expect(redactor().header('authorization', header)).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIAREDACTED\w{8}\/20240501\/eu-west-1\/s3\/aws4_request, SignedHeaders=host;x-amz-date, Signature=5ec2e7ed[0-9a-f]{56}$/);
  });
});

describe('by pattern in text', () => {
  test.each([
    'sk_live_4eC39HqLyjWDarjtT1zdp7dc', 'ghp_16C7e42F292c6912E7710c838347Ae178B4a', 'AKIAIOSFODNN7EXAMPLE', 'xoxb-123456789012-abcdefGHIJKL',
    'whsec_abcdefghijklmnop1234',
  ])('%s', (secret) => {
    const redacted = redactor().text(`the key ${secret} was refused`);
    expect(redacted).not.toContain(secret.slice(8));
    expect(redacted).toMatch(/^the key .+ was refused$/);
    expect(redactor().text(redacted)).toBe(redacted);
  });
  test('private keys, also cut off and inside JSON', () => {
    const pem = '-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAvv\nmorebytes\n-----END RSA PRIVATE KEY-----';
    for (const text of [pem, pem.slice(0, 50), JSON.stringify({ pem })]) {
      const redacted = redactor().bodyText(text);
      expect(redacted).not.toContain('MIIEow');
      expect(redactor().bodyText(redacted)).toBe(redacted);
    }
  });
  test('messages without secrets stay word for word', () => {
    for (const text of ['Unexpected token < in JSON at position 0', 'Invalid token: foo', '<NextContinuationToken>folder/1.txt</NextContinuationToken>', '?nextToken=abcdefgh12', 'Order 4000123 of 17012345678901 failed at 1700000000000', 'basic authentication is off', 'time 12:34:56 https://shop.example/a?b=1']) {
      expect(redactor().text(text)).toBe(text);
    }
  });
});

describe('bodies', () => {
  test('JSON: only the values change', () => {
    const text = '{ "user":"jo", "password" : "hunter22!", "n": 1.50e2, "esc":"\\u00e9\\/", "pin": 4821, "cards":[{"number":"4242424242424242"}] }';
    const redacted = redactor().bodyText(text, 'application/json');
    expect(redacted).toMatch(/^\{ "user":"jo", "password" : "redacted-\w+", "n": 1\.50e2, "esc":"\\u00e9\\\/", "pin": \d{4}, "cards":\[\{"number":"400000\d{10}"\}\] \}$/);
    expect(JSON.parse(redacted)).toHaveProperty('user', 'jo');
  });
  test('what is below a secret name is secret', () => {
    expect(redactor().bodyText('{"credentials":{"login":{"x":"plainword"}}}')).not.toContain('plainword');
  });
  test('JSON cut off in the middle of a secret', () => {
    expect(redactor().bodyText('{"a":1,"password":"half-a-secr')).toMatch(/^\{"a":1,"password":"redacted-\w+"$/);
  });
  test('forms and multipart', () => {
    expect(redactor().bodyText('user=jo&password=a%26b%3Dcd&x=%20', 'application/x-www-form-urlencoded')).toMatch(/^user=jo&password=redacted-\w+&x=%20$/);
    const multipart = Buffer.concat([Buffer.from('--b\r\nContent-Disposition: form-data; name="password"\r\n\r\nhunter22!\r\n--b\r\nContent-Disposition: form-data; name="f"; filename="a.bin"\r\n\r\n'), Buffer.from([0, 255, 1]), Buffer.from('\r\n--b--')]);
    const redacted = Buffer.from(redactor().body(multipart, 'multipart/form-data; boundary=b'));
    expect(redacted.includes('hunter22!')).toBe(false);
    expect(redacted.includes(Buffer.from([0, 255, 1]))).toBe(true);
  });
  test('bytes that are no text stay the same object', () => {
    const bytes = Buffer.from([0xff, 0xfe, 0, 1]);
    expect(redactor().body(bytes)).toBe(bytes);
  });
});

describe('across one package', () => {
  test('joins still join: the same secret has the same pseudonym, also where nothing names it', () => {
    const r = redactor();
    const row = r.value('session_token', 'tok-8f2c9a1b');
    expect(r.cell('session_token', 'tok-8f2c9a1b')).toBe(row);
    expect(r.header('X-Session-Token', 'tok-8f2c9a1b')).toBe(row);
    const swept = r.sweep({ params: ['tok-8f2c9a1b', '47'], text: "SELECT 'tok-8f2c9a1b'", command: ['GET', 'session:tok-8f2c9a1b'] });
    expect(swept).toEqual({ params: [row, '47'], text: `SELECT '${row}'`, command: ['GET', `session:${row}`] });
  });
  test('an ordinary word that is somebody\'s password does not tear holes', () => {
    const r = redactor();
    const word = r.value('PGPASSWORD', 'postgres');
    expect(r.sweep({ engine: 'postgres', params: ['postgres'] })).toEqual({ engine: 'postgres', params: [word] });
  });
  test('what tables and columns are called is no secret, although a document says so', () => {
    const r = redactor();
    r.data({ api_token: { columns: ['document_id', 'reset_code-1'] } });
    r.spare(['document_id']);
    expect(r.sweep({ text: 'SELECT document_id', params: ['document_id', 'reset_code-1'] })).toEqual({ text: 'SELECT document_id', params: ['document_id', expect.stringMatching(/^redacted-/)] });
  });
  test('bytes are swept too', () => {
    const r = redactor();
    r.value('token', 'gehëim-1234');
    expect(Buffer.from(r.sweepBytes(Buffer.concat([Buffer.from([0xff]), Buffer.from('x gehëim-1234 y')]))).subarray(1).toString()).toMatch(/^x redacted-\w+ y$/);
  });
  test('errors with their locals', () => {
    const info: ErrorInfo = {
      name: 'Error', message: 'login at https://jo:pa55word1@x.example failed', frames: [
        { file: 'a.js', line: 1, column: 1, inApp: true, scopes: [{ type: 'local', variables: { password: 'pa55word1', user: { apiKey: { $class: 'Key', value: 'k-123456789' } } } }] },
      ],
    };
    expect(JSON.stringify(redactor().error(info))).not.toMatch(/pa55word1|k-123456789/);
  });
});

test('environment and arguments', () => {
  const env = redactEnv({ PATH: '/bin', DATABASE_URL: 'postgres://a:s3cretpw@h/d', STRIPE_SECRET_KEY: 'sk_live_4eC39HqLyjWDarjtT1zdp7dc', TOKEN_TYPE: 'x' }, redactor());
  expect(env).toMatchObject({ PATH: '/bin', TOKEN_TYPE: 'x' });
  expect(JSON.stringify(env)).not.toMatch(/s3cretpw|4eC39/);
  expect(redactArguments(['server.js', '--port', '80', '--password', 'hunter22', '--api-key=abc12345', '--token'], redactor())).toEqual([
    'server.js', '--port', '80', '--password', expect.stringMatching(/^redacted-/), expect.stringMatching(/^--api-key=redacted-/), '--token',
  ]);
});

test('settings: off, further names, names to keep, an allow-list', () => {
  expect(redactor('off').value('password', 'x1y2z3')).toBe('x1y2z3');
  expect(redactor('taxNumber').value('tax_number', '12/345/67890')).toMatch(/^redacted-/);
  expect(redactor('-session').value('session', 'spring 2024')).toBe('spring 2024');
  expect(redactor('allow:id,status').bodyText('{"id":"a-1","status":"open","street":"Main 5","n":5}')).toMatch(/^\{"id":"a-1","status":"open","street":"redacted-\w+","n":5\}$/);
});

const secretName = fc.constantFrom('password', 'apiKey', 'access_token', 'clientSecret', 'Authorization');
const secret = fc.string({ minLength: 8, maxLength: 40, unit: fc.constantFrom('a', 'b', 'X', 'Y', '0', '7', '9', '!', '$', '_') }).filter((text) => /[a-z]/i.test(text) && /\d/.test(text));
const nested = (leaf: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.letrec((tie) => ({ node: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('node'), { maxLength: 3 }), fc.dictionary(fc.constantFrom('a', 'items', 'user'), tie('node'))) }))['node'];

test('no secret survives anywhere, redacting twice changes nothing, and it is deterministic', () => {
  fc.assert(
    fc.property(secretName, secret, nested(fc.constantFrom('x', 1, null, true, 'text with blanks')), (name, value, rest) => {
      const data = { rest, deep: [{ [name]: value, also: rest }], params: [value], text: `saw ${value} there` };
      const redact = (): unknown => {
        const r = redactor();
        return r.sweep(JSON.parse(r.bodyText(JSON.stringify(r.data(data)), 'application/json')));
      };
      const once = redact();
      expect(JSON.stringify(once)).not.toContain(JSON.stringify(value).slice(1, -1));
      expect(redact()).toEqual(once);
      const again = redactor();
      expect(again.sweep(again.data(once))).toEqual(once);
    }),
    { numRuns: 200 },
  );
});
