import { createRequire } from 'node:module';
import { afterEach, expect, it } from 'vitest';
import { leadObjectIds, patchObjectIds } from './object-ids.js';

type Bson = { ObjectId: new (given?: string) => { toHexString(): string; constructor: unknown }; deserialize(bytes: Uint8Array): { readonly _id: object }; serialize(value: object): Uint8Array };

/** The patched copy of this process: its class is replaced once. */
const bson = createRequire(import.meta.url)('bson') as Bson;
const original = bson.ObjectId;
patchObjectIds(bson);
const opened: Disposable[] = [];
afterEach(() => opened.splice(0).forEach((one) => one[Symbol.dispose]()));

it('keys that the program makes are led through the hook, and no others', () => {
  const drawn: string[] = [];
  opened.push(leadObjectIds((draw) => (drawn.push(draw()), '65f0c0ffee00000000000001')));
  expect(new bson.ObjectId().toHexString()).toBe('65f0c0ffee00000000000001');
  expect(drawn).toEqual([expect.stringMatching(/^[0-9a-f]{24}$/)]);
  expect(new bson.ObjectId('65f0c0ffee00000000000002').toHexString()).toBe('65f0c0ffee00000000000002');
  expect(drawn).toHaveLength(1);
});

it('of two hooks the later is asked first, and draws from the earlier', () => {
  const recorded: string[] = [];
  opened.push(leadObjectIds(() => '65f0c0ffee00000000000003'));
  const later = leadObjectIds((draw) => {
    recorded.push(draw());
    return recorded.at(-1) ?? '';
  });
  expect(new bson.ObjectId().toHexString()).toBe('65f0c0ffee00000000000003');
  expect(recorded).toEqual(['65f0c0ffee00000000000003']);
  later[Symbol.dispose]();
});

it('keys are of the same class as before, made or read', () => {
  const made = new bson.ObjectId();
  expect([made instanceof original, made instanceof bson.ObjectId, made.constructor === bson.ObjectId]).toEqual([true, true, true]);
  expect(bson.deserialize(bson.serialize({ _id: made }))._id).toBeInstanceOf(bson.ObjectId);
});

it('what is no key is not taken', () => {
  opened.push(leadObjectIds(() => 'nonsense'));
  expect(new bson.ObjectId().toHexString()).toMatch(/^[0-9a-f]{24}$/);
});
