import { randomBytes, randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HttpEvent, IoEvent } from '@deja/format';
import { describeExchange, differentRequest, httpKeys } from '../http/match.js';
import type { HttpQuestion } from '../http/question.js';
import { createJournal } from '../journal.js';
import { Ledger } from '../ledger.js';
import type { HttpExchange } from '../plan.js';
import { bodyReader } from '../runtime.js';
import { httpExchange } from '../testing/plan.js';
import { generatedValues } from './find.js';
import { isIdentifier, replaceWords, sameShape, wordsOf } from './shape.js';
import { Unification } from './unification.js';

const A = '7f9c2ba4-e88f-4271-9c0e-1d2b5a6c7d8e';
const B = '0e1d2c3b-4a59-4687-8796-a5b4c3d2e1f0';
const C = '11111111-2222-4333-8444-555555555555';

describe('shapes', () => {
  it.each([A, 'V1StGXR8_Z5jdHi6B-myT', '507f1f77bcf86cd799439011', '01ARZ3NDEKTSV4RRFFQ69G5FAV', 'tz4a98xxat96iws9zmbrgj3a', 'ch_3Nq8Zx2eZvKYlo2C1a2B', '1b4e28ba2fa1d2883f0016d3cca427aa'])('%s is an identifier', (id) => {
    expect(isIdentifier(id)).toBe(true);
  });

  it.each(['application/json', 'internationalisation', 'GET', '12345678901234567890', 'x-request-identifier', 'ECONNREFUSED_BY_PEER', 'customers_by_region_2024', 'AWS4-HMAC-SHA256', 'sku-0001', ''])('%s is none', (word) => {
    expect(wordsOf(word).filter(isIdentifier)).toEqual([]);
  });

  it('tells kinds, versions, lengths and prefixes apart', () => {
    expect(sameShape(A, B)).toBe(true);
    expect(sameShape(A, '7f9c2ba4-e88f-7271-9c0e-1d2b5a6c7d8e')).toBe(false);
    expect(sameShape('ch_3Nq8Zx2eZvKYlo2C1a2B', 'ch_1Aq8Zx2eZvKYlo2C1a2C')).toBe(true);
    expect(sameShape('ch_3Nq8Zx2eZvKYlo2C1a2B', 'cu_3Nq8Zx2eZvKYlo2C1a2B')).toBe(false);
    expect(sameShape('507f1f77bcf86cd799439011', '507f1f77bcf86cd7994390115')).toBe(false);
    // Drawn at random, one of them only looks as if it said what it is.
    expect(sameShape('ab_GFOjP4avo1gG2h5cL9', 'r5VzGFOjP4avo1gG2h5cL')).toBe(true);
  });

  it('a text is its words and what is between them', () => {
    fc.assert(fc.property(fc.string(), (text) => replaceWords(text, (word) => word) === text));
    expect(wordsOf(`order-${A}, ${B}`)).toEqual(['order-', A, B]);
  });
});

function http(seq: number, part: Partial<HttpEvent>, answer = ''): HttpEvent {
  return { seq, kind: 'http', scope: { in: 'request', request: 0 }, method: 'POST', url: 'http://h.example/', headers: [], outcome: { ok: { status: 200, headers: [], body: { text: answer } } }, ...part };
}

function found(...timeline: IoEvent[]): readonly string[] {
  return generatedValues({ timeline, databases: [], servers: [], blobs: new Map() }).map(({ value }) => value);
}

describe('what the recording shows to be generated', () => {
  it('is what was sent and came from nowhere', () => {
    expect(found(http(1, { body: { text: `{"id":"${A}"}` } }, `{"id":"${A}"}`), http(2, { url: `http://h.example/${A}/${B}` }))).toEqual([A, B]);
  });

  it('is not what an answer, the start or the background had shown before', () => {
    expect(found(http(1, {}, A), http(2, { url: `http://h.example/${A}` }))).toEqual([]);
    expect(found(http(1, { scope: { in: 'boot' }, url: `http://h.example/${A}` }), http(2, { url: `http://h.example/${A}` }))).toEqual([]);
    expect(found(http(1, { url: `http://h.example/${A}` }), http(2, { scope: { in: 'background' } }, A))).toEqual([]);
  });

  it('is what was drawn at random and sent', () => {
    expect(found({ seq: 1, kind: 'random', scope: { in: 'request', request: 0 }, source: 'randomUUID', outcome: { ok: { value: A } } }, http(2, { url: `http://h.example/${A}` }))).toEqual([A]);
  });

  it('is found within compressed and binary bodies', () => {
    expect(found(http(1, { body: { base64: Buffer.from(`\0${A}\0`).toString('base64') } }))).toEqual([A]);
  });
});

const bytes = bodyReader({});

function ledgerOf(exchanges: readonly HttpExchange[], generated: readonly string[], observed: readonly string[] = []) {
  const journal = createJournal({});
  const unification = new Unification(generated.map((value) => ({ value, seq: 1 })), () => observed, journal);
  return { journal, ledger: new Ledger<HttpExchange, HttpQuestion>(exchanges, (exchange, question) => differentRequest(exchange, question, bytes), describeExchange, { keys: httpKeys(bytes), unification }) };
}

function asking(path: string, body = ''): HttpQuestion {
  return { method: 'POST', target: path, headers: [['host', 'h.example'], ['content-type', 'application/json']], body: Buffer.from(body), size: body.length, tail: Buffer.from(body) };
}

function recorded(seq: number, path: string, body: string, answer: string): HttpExchange {
  return httpExchange({ seq, method: 'POST', url: `http://h.example${path}`, headers: [['host', 'h.example'], ['content-type', 'application/json']], ...(body && { body: { text: body } }) }, { body: { text: answer } });
}

function answerOf(taken: ReturnType<Ledger<HttpExchange, HttpQuestion>['take']>): string | null {
  if (!('exchange' in taken) || !('ok' in taken.exchange.outcome)) return null;
  const { body } = taken.exchange.outcome.ok;
  return body && 'text' in body ? body.text : null;
}

describe('what is generated anew', () => {
  const exchanges = [recorded(1, '/orders', `{"id":"${A}"}`, `{"id":"${A}"}`), recorded(2, `/orders/${A}`, '', `order ${A}`)];

  it('stands for the recorded value from then on, in every answer, and is told', () => {
    const { ledger, journal } = ledgerOf(exchanges, [A]);
    expect(answerOf(ledger.take(asking('/orders', `{ "id": "${C}" }`)))).toBe(`{"id":"${C}"}`);
    expect(answerOf(ledger.take(asking(`/orders/${C}`)))).toBe(`order ${C}`);
    expect(journal.notes).toEqual([`event 1: ${C} stands for ${A}, which the application generated when it was observed`]);
  });

  it.each([
    ['another one later', `/orders/${B}`],
    ['the recorded one later', `/orders/${A}`],
  ])('and %s is not recorded', (_, path) => {
    const { ledger } = ledgerOf(exchanges, [A]);
    ledger.take(asking('/orders', `{"id":"${C}"}`));
    expect(answerOf(ledger.take(asking(path)))).toBeNull();
  });

  it('is no value that was observed, of no other shape, and none that only looks generated', () => {
    expect(answerOf(ledgerOf(exchanges, [A], [B]).ledger.take(asking('/orders', `{"id":"${B}"}`)))).toBeNull();
    expect(answerOf(ledgerOf(exchanges, [A]).ledger.take(asking('/orders', '{"id":"507f1f77bcf86cd799439011"}')))).toBeNull();
    expect(answerOf(ledgerOf(exchanges, []).ledger.take(asking('/orders', `{"id":"${C}"}`)))).toBeNull();
  });

  it('one value cannot stand for two', () => {
    const { ledger } = ledgerOf([recorded(1, '/pair', `["${A}","${B}"]`, 'ok')], [A, B]);
    expect(answerOf(ledger.take(asking('/pair', `["${C}","${C}"]`)))).toBeNull();
    expect(answerOf(ledger.take(asking('/pair', `["${C}","${A}"]`)))).toBe('ok');
  });

  it('what is equal as it stands is taken before what could stand for something', () => {
    const { ledger } = ledgerOf([recorded(1, '/x', `["${A}"]`, 'first'), recorded(2, '/x', `["${B}"]`, 'second')], [A, B]);
    expect([B, A].map((id) => answerOf(ledger.take(asking('/x', `["${id}"]`))))).toEqual(['second', 'first']);
  });

  it.each(['a1b278136733958212648abd', 'a1b241532999759904927827'])('%s is one, though chance drew it long runs of digits', (word) => {
    expect([isIdentifier(word), sameShape(word, 'a1b2a9e2ddaba872768e9e56')]).toEqual([true, true]);
  });

  it('whatever was generated: a whole conversation is replayed with other values, and what is given back is given back', () => {
    const id = fc.constantFrom(() => randomUUID(), () => randomBytes(12).toString('hex').replace(/^..../, 'a1b2'), () => `ord_${randomUUID()}`);
    fc.assert(
      fc.property(fc.array(id, { minLength: 1, maxLength: 6 }), fc.array(fc.nat(5), { minLength: 1, maxLength: 8 }), (makers, picks) => {
        const [then, now] = [makers.map((make) => make()), makers.map((make) => make())];
        const talk = (ids: readonly string[]) => picks.map((pick, index) => ({ path: `/step/${index}`, body: JSON.stringify({ at: ids[pick % ids.length], all: ids.slice(0, (pick % ids.length) + 1) }), answer: `${ids[pick % ids.length]} and ${ids[0]}` }));
        const values = [...new Set(then.flatMap((one) => wordsOf(one)).filter(isIdentifier))];
        const { ledger } = ledgerOf(talk(then).map(({ path, body, answer }, index) => recorded(index + 1, path, body, answer)), values);
        expect(talk(now).map(({ path, body }) => answerOf(ledger.take(asking(path, body))))).toEqual(talk(now).map(({ answer }) => answer));
      }),
    );
  });
});
