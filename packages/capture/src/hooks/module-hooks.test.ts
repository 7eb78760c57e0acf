import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeOfMajor } from '../../../../tests/support/npm-folder.js';
import { inRange } from './version-range.js';

const hooks = pathToFileURL(join(import.meta.dirname, '..', '..', 'dist', 'hooks', 'module-hooks.js')).href;
let folder = '';

const files: Readonly<Record<string, string>> = {
  'node_modules/plain/package.json': '{"name":"plain","version":"1.2.3","main":"./lib/index.js"}',
  'node_modules/plain/lib/index.js': 'exports.Thing = require("./thing"); exports.make = () => "made";',
  'node_modules/plain/lib/thing.js': 'module.exports = class Thing { say() { return "thing"; } };',
  'node_modules/callable/package.json': '{"name":"callable","version":"2.0.0"}',
  'node_modules/callable/index.js': 'module.exports = function callable() { return "original"; }; module.exports.callable = module.exports;',
  'node_modules/wrapped/package.json': '{"name":"wrapped","version":"3.0.0","exports":{".":{"import":"./index.mjs","require":"./index.js"}}}',
  'node_modules/wrapped/index.js': 'module.exports = { Client: class Client { run() { return "ran"; } } };',
  'node_modules/wrapped/index.mjs': 'import inner from "./index.js"; export const Client = inner.Client; export default inner;',
  'node_modules/modern/package.json': '{"name":"modern","version":"4.0.0","type":"module","exports":"./index.js"}',
  'node_modules/modern/index.js': 'export class Modern { go() { return "went"; } } export default Modern;',
  'node_modules/broken/package.json': '{"name":"broken","version":"5.0.0"}',
  'node_modules/broken/index.js': 'module.exports = { ok: true };',
  'node_modules/bystander/package.json': '{"name":"bystander","version":"1.0.0"}',
  'node_modules/bystander/index.js': 'module.exports = { untouched: true };',
  'preload.mjs': `
    import { hookModule, startModuleHooks } from ${JSON.stringify(hooks)};
    globalThis.calls = [];
    const seen = (name) => (exports, copy) => { calls.push(name + "@" + copy.version + (copy.folder.endsWith("/" + name) ? "" : " in " + copy.folder)); return exports; };
    hookModule("plain", (exports, copy) => { seen("plain")(exports, copy); exports.make = () => "patched"; });
    hookModule("plain", (Thing, copy) => { calls.push("thing@" + copy.version); Thing.prototype.say = () => "patched"; }, { file: "lib/thing" });
    hookModule("callable", (exports, copy) => { seen("callable")(exports, copy); const replaced = () => "replaced " + exports(); return Object.assign(replaced, { callable: replaced }); });
    hookModule("wrapped", (exports, copy) => { seen("wrapped")(exports, copy); exports.Client.prototype.run = () => "patched"; });
    hookModule("modern", (exports, copy) => { seen("modern")(exports, copy); exports.Modern.prototype.go = () => "patched"; });
    hookModule("broken", () => { throw new Error("patch of broken"); });
    hookModule("bystander", () => { calls.push("never"); }, { versions: ">=2" });
    await startModuleHooks();
  `,
  'app.mjs': `
    import plain, { make } from "plain"; import callable, { callable as named } from "callable"; import { Client } from "wrapped";
    import { Modern } from "modern"; import broken from "broken"; import bystander from "bystander";
    import { createRequire } from "node:module";
    const require = createRequire(import.meta.url);
    console.log(JSON.stringify({ calls, twice: require("plain") === plain && require("wrapped").Client === Client, make: make(), thing: new plain.Thing().say(), callable: callable(), named: named(), required: require("callable")(),
      wrapped: new Client().run(), modern: new Modern().go(), broken, bystander }));
  `,
  'app.cjs': `
    const plain = require("plain"), callable = require("callable"), { Client } = require("wrapped"), broken = require("broken"), bystander = require("bystander");
    import("modern").then(({ Modern }) => Promise.all([import("plain"), import("callable")]).then(([p, c]) => console.log(JSON.stringify({ calls, twice: p.default === plain && require("plain") === plain, make: p.make(), thing: new plain.Thing().say(),
      callable: callable(), named: callable.callable(), required: c.default(), wrapped: new Client().run(), modern: new Modern().go(), broken, bystander }))));
  `,
  'late.mjs': `
    import plain from "plain";
    const { hookModule } = await import(${JSON.stringify(hooks)});
    const calls = [];
    hookModule("plain", (exports, copy) => { calls.push(copy.version); exports.make = () => "patched late"; });
    console.log(JSON.stringify({ calls, make: plain.make() }));
  `,
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'deja-hooks-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each([20, 22, 24, 26])('on Node %i', (major) => {
  const runtime = nodeOfMajor(major);
  if ('missing' in runtime) {
    test.skip(`module hooks (${runtime.missing})`, () => {});
    return;
  }
  test.each(['app.mjs', 'app.cjs'])('%s gets every hooked package patched once, and nothing else touched', (app) => {
    const run = spawnSync(runtime.node, ['--import', './preload.mjs', app], { cwd: folder, encoding: 'utf8' });
    expect(run.status, run.stderr).toBe(0);
    const seen = JSON.parse(run.stdout) as { calls: string[] };
    expect(seen.calls.toSorted()).toEqual(['callable@2.0.0', 'modern@4.0.0', 'plain@1.2.3', 'thing@1.2.3', 'wrapped@3.0.0']);
    expect(seen).toMatchObject({
      twice: true, make: 'patched', thing: 'patched', callable: 'replaced original', named: 'replaced original', required: 'replaced original',
      wrapped: 'patched', modern: 'patched', broken: { ok: true }, bystander: { untouched: true },
    });
    const said = run.stderr.split('\n').filter((line) => line.startsWith('deja:'));
    expect(said.toSorted()).toEqual([
      'deja: broken could not be instrumented and runs unobserved: patch of broken',
      'deja: bystander 1.0.0 is not observed (known: >=2)',
    ]);
    expect(run.stderr.replaceAll(/^deja:.*$/gm, '').trim()).toBe('');
  });

  test('a package that was loaded before is patched too', () => {
    const run = spawnSync(runtime.node, ['late.mjs'], { cwd: folder, encoding: 'utf8' });
    expect(run.stdout, run.stderr).toBe('{"calls":["1.2.3"],"make":"patched late"}\n');
  });
});

test('version ranges', () => {
  expect(inRange('8.23.1', '>=8 <9')).toBe(true);
  expect(inRange('9.0.0', '>=8 <9')).toBe(false);
  expect(inRange('7.99.0', '>=8')).toBe(false);
  expect(inRange('4.21.0-beta.1', '>=4.21')).toBe(true);
});
