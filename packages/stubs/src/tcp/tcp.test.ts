import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { array, assert, asyncProperty, constantFrom, nat, record, string } from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { SocketPiece } from '@deja/format';
import type { TcpExchange, TcpStubPlan } from '../plan.js';
import { portOf, startForTest, stopAfterTest, testAuthority } from '../testing/plan.js';
import type { StartedStubs } from '../start.js';

afterEach(stopAfterTest);

const client = (text: string, ms = 0): SocketPiece => ({ from: 'client', ms, body: { text } });
const server = (text: string, ms = 0): SocketPiece => ({ from: 'server', ms, body: { text } });
const fin = { by: 'server', how: 'fin', ms: 0 } as const;

function talk(seq: number, pieces: readonly SocketPiece[], part: Partial<TcpExchange> & { readonly end?: typeof fin } = {}): TcpExchange {
  const { end, ...rest } = part;
  return { seq, repeat: false, session: seq, outcome: { ok: { bytesSent: 0, bytesReceived: 0, pieces, ...(end ? { end } : {}) } }, ...rest };
}

async function stub(exchanges: readonly TcpExchange[], part: Partial<TcpStubPlan> = {}): Promise<StartedStubs> {
  return await startForTest({ tcp: [{ host: 'line.example', port: 7000, tls: false, exchanges, ...part }] });
}

/** Says each text when so many characters have come; what came, and how it ended. */
async function converse(socket: Socket, says: readonly (readonly [after: number, text: string | Buffer])[]): Promise<{ readonly heard: string; readonly error?: string }> {
  const left = [...says];
  let heard = '';
  const say = (): void => {
    for (let next = left[0]; next && heard.length >= next[0]; next = left[0]) socket.write(left.shift()?.[1] ?? '');
  };
  let error: string | undefined;
  socket.setEncoding('latin1').on('data', (text: string) => {
    heard += text;
    say();
  }).on('error', ({ message }) => (error = message));
  say();
  await once(socket, 'close').catch(() => undefined);
  return { heard, ...(error === undefined ? {} : { error }) };
}

const dial = (stubs: StartedStubs): Socket => connect(portOf(stubs), '127.0.0.1');

const frame = (magic: number, opaque: number, key: string): Buffer => {
  const head = Buffer.alloc(24);
  head.writeUInt8(magic, 0);
  head.writeUInt32BE(key.length, 8);
  head.writeUInt32BE(opaque, 12);
  return Buffer.concat([head, Buffer.from(key)]);
};
const piece = (from: 'client' | 'server', bytes: Buffer): SocketPiece => ({ from, ms: 0, body: { base64: bytes.toString('base64') } });

describe('a stub of a protocol that nobody knows', () => {
  it('resets a connection on which something else is said, and names the byte', async () => {
    const stubs = await stub([talk(3, [client('GET a\r\n'), server('1\r\n'), client('GET b\r\n'), server('2\r\n')])]);
    expect(await converse(dial(stubs), [[0, 'GET a\r\n'], [3, 'GET c\r\n']])).toEqual({ heard: '1\r\n', error: 'read ECONNRESET' });
    expect(stubs.divergences).toMatchObject([{ stub: 'tcp line.example:7000', asked: 'line.example:7000: "GET c\\r\\n"', nearest: { seq: 3, difference: String.raw`byte 11: "c\r\n" instead of "b\r\n"` } }]);
    expect(stubs.served).toEqual([]);
  });

  it('does not know a first word that nobody said, nor one that was said once and comes twice', async () => {
    const stubs = await stub([talk(1, [client('A\n'), server('a\n')], { end: fin })]);
    expect((await converse(dial(stubs), [[0, 'B\n']])).error).toBe('read ECONNRESET');
    expect((await converse(dial(stubs), [[0, 'A\n']])).heard).toBe('a\n');
    expect((await converse(dial(stubs), [[0, 'A\n']])).error).toBe('read ECONNRESET');
    expect(stubs.divergences.map(({ nearest }) => nearest?.difference)).toEqual([String.raw`byte 0: "B\n" instead of "A\n"`, 'has been served already']);
  });

  it('gives connections out by what the client says first, whatever its pieces', async () => {
    const stubs = await stub([talk(1, [client('ONE\n'), server('1')], { end: fin }), talk(2, [client('TWO\n'), server('2')], { end: fin })]);
    expect(await converse(dial(stubs), [[0, 'TW'], [0, 'O\n']])).toEqual({ heard: '2' });
    expect(await converse(dial(stubs), [[0, 'ONE\n']])).toEqual({ heard: '1' });
    expect(stubs.served.map(({ seq }) => seq)).toEqual([2, 1]);
  });

  it('gives them out in their order where the server speaks first', async () => {
    const stubs = await stub([talk(1, [server('220 one\n'), client('QUIT\n')], { end: fin }), talk(2, [server('220 two\n'), client('QUIT\n')], { end: fin })]);
    expect([await converse(dial(stubs), [[8, 'QUIT\n']]), await converse(dial(stubs), [[8, 'QUIT\n']])]).toEqual([{ heard: '220 one\n' }, { heard: '220 two\n' }]);
    expect(stubs.divergences).toEqual([]);
  });

  it('goes on with a connection that served another request before', async () => {
    const stubs = await stub([talk(1, [client('HELLO\n'), server('hi\n')], { repeat: true }), talk(9, [client('GET x\n'), server('x\n')], { session: 1, continues: true, end: fin })]);
    expect(await converse(dial(stubs), [[0, 'HELLO\n'], [3, 'GET x\n']])).toEqual({ heard: 'hi\nx\n' });
    expect(stubs.served.map(({ seq }) => seq)).toEqual([1, 9]);
  });

  it('makes a connection as one was made for a request that was not recorded, and answers only what was', async () => {
    const opening = talk(9, [client('HELLO\n'), server('hi\n'), client('GET x\n'), server('old\n')], { repeat: true, opening: true, session: 4 });
    const stubs = await stub([opening, talk(9, [client('GET x\n'), server('new\n')], { session: 4, continues: true, end: fin })]);
    expect(await converse(dial(stubs), [[0, 'HELLO\n'], [3, 'GET x\n']])).toEqual({ heard: 'hi\nnew\n' });
    expect((await converse(dial(stubs), [[0, 'HELLO\n'], [3, 'GET y\n']])).error).toBe('read ECONNRESET');
  });

  it('takes the time of the clock and secrets of its own for what was recorded, and nothing else', async () => {
    const time = Date.UTC(2031, 4, 1, 12);
    const mail = (ms: number): string => new Date(time + ms).toUTCString().replace('GMT', '+0000');
    const said = [client(`AT ${new Date(time + 5).toISOString()} ON ${mail(5)} BY redacted-abcdefgh12345678;\n`), server('ok')];
    const stubs = await stub([1, 2].map((seq) => talk(seq, said, { time, end: fin })));
    expect((await converse(dial(stubs), [[0, `AT ${new Date(time + 900).toISOString()} ON ${mail(1900)} BY my-own;\n`]])).heard).toBe('ok');
    expect((await converse(dial(stubs), [[0, `AT ${new Date(time + 900_000).toISOString()} ON ${mail(1900)} BY my-own;\n`]])).error).toBe('read ECONNRESET');
  });

  it('encrypts from the beginning, and from where it did', async () => {
    const stubs = await startForTest({
      tcp: [
        { host: 'a.example', port: 1, tls: true, exchanges: [talk(1, [client('A'), server('a')], { end: fin })] },
        { host: 'b.example', port: 2, tls: false, exchanges: [talk(2, [client('START\n'), server('go\n'), { from: 'client', ms: 0 }, client('B'), server('b')], { end: fin })] },
      ],
    });
    const tls = { ca: testAuthority.pem, host: '127.0.0.1' };
    expect((await converse(connectTls({ ...tls, port: portOf(stubs), servername: 'a.example' }), [[0, 'A']])).heard).toBe('a');
    const plain = connect(portOf(stubs, 1), '127.0.0.1');
    plain.write('START\n');
    await once(plain, 'data');
    expect((await converse(connectTls({ ...tls, socket: plain, servername: 'b.example' }), [[0, 'B']])).heard).toBe('b');
    expect(stubs.divergences).toEqual([]);
  });

  it('shows a certificate that was refused, and breaks a handshake that broke', async () => {
    const failed = (seq: number, code: string, message: string): TcpExchange => talk(seq, [], { outcome: { error: { message, code, phase: 'tls' } } });
    const stubs = await stub([failed(1, 'CERT_HAS_EXPIRED', 'certificate has expired'), failed(2, 'ECONNRESET', 'read ECONNRESET'), talk(3, [client('A'), server('a')], { end: fin })], { tls: true });
    const dialled = (): Socket => connectTls({ ca: testAuthority.pem, host: '127.0.0.1', port: portOf(stubs), servername: 'line.example' });
    expect((await converse(dialled(), [])).error).toBe('certificate has expired');
    expect((await converse(dialled(), [])).error).toMatch(/ECONNRESET|before secure TLS connection/);
    expect((await converse(dialled(), [[0, 'A']])).heard).toBe('a');
  });

  it('breaks a connection where it broke', async () => {
    const error = { message: 'read ECONNRESET', code: 'ECONNRESET', syscall: 'read' };
    const stubs = await stub([talk(1, [], { outcome: { error, partial: { pieces: [client('A'), server('a')] } } })]);
    expect(await converse(dial(stubs), [[0, 'A']])).toEqual({ heard: 'a', error: 'read ECONNRESET' });
    expect(stubs.divergences).toEqual([]);
  });

  it('tells requests of memcached apart by all but their number, and answers with that of the client', async () => {
    const stubs = await stub([talk(1, [piece('client', frame(0x80, 7, 'k')), piece('server', frame(0x81, 7, 'v'))], { end: fin })]);
    expect((await converse(dial(stubs), [[0, frame(0x80, 0, 'other')]])).error).toBe('read ECONNRESET');
    expect((await converse(dial(stubs), [[0, frame(0x80, 0, 'k')]])).heard).toBe(frame(0x81, 0, 'v').toString('latin1'));
  });

  it('replays any talk as it was, and diverges where any byte of the client is another one', async () => {
    const word = string({ minLength: 1, maxLength: 12, unit: constantFrom('a', 'b', 'X', ' ', '\r', '\n', '{', ':', '"') });
    const turns = array(record({ asks: word, answers: word }), { minLength: 1, maxLength: 4 });
    await assert(
      asyncProperty(turns, nat(), async (said, which) => {
        const pieces = said.flatMap(({ asks, answers }) => [client(asks), server(answers)]);
        const stubs = await stub([1, 2].map((seq) => talk(seq, pieces, { end: fin })));
        let [after, before] = [0, 0];
        const all = said.map(({ asks }) => asks).join('');
        const changed = which % all.length;
        const [says, otherwise] = [0, 1].map((pass) => {
          [after, before] = [0, 0];
          return said.map(({ asks, answers }) => {
            const text = pass === 0 ? asks : Array.from(asks, (char, index) => (before + index === changed ? '#' : char)).join('');
            const turn = [after, text] as const;
            after += answers.length;
            before += asks.length;
            return turn;
          });
        });
        expect(await converse(dial(stubs), says ?? [])).toEqual({ heard: said.map(({ answers }) => answers).join('') });
        expect(stubs.divergences).toEqual([]);
        expect((await converse(dial(stubs), otherwise ?? [])).error).toBe('read ECONNRESET');
        expect(stubs.divergences).toHaveLength(1);
      }),
      { numRuns: 60 },
    );
  });
});
