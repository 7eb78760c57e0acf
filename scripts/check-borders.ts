/**
 * Who may import whom (ARCHITECTURE.md, "Borders"): every package imports only the packages listed here,
 * only what it declares in its package.json, and never a file inside another package.
 */
import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  format: [],
  wire: [],
  capture: ['format', 'wire'],
  fixtures: ['format'],
  stubs: ['format', 'wire'],
  guest: ['format', 'fixtures', 'stubs'],
  sandbox: ['guest', 'format'],
  reproduce: ['format', 'fixtures', 'stubs', 'sandbox', 'guest'],
  triage: ['format', 'reproduce'],
  store: ['format'],
  server: ['format', 'reproduce', 'triage', 'store'],
  cli: ['format', 'capture', 'fixtures', 'stubs', 'guest', 'sandbox', 'reproduce', 'triage', 'store', 'server'],
};
/** Of these packages only the types and the named entries may be used at run time. */
const RUNTIME_ENTRIES: Readonly<Record<string, readonly string[]>> = { capture: ['@deja/format/writer', '@deja/format/keys', '@deja/wire/websocket', '@deja/wire/mongodb'] };

const IMPORT = /(?:^|\n)\s*(import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/g;
const problems: string[] = [];

for (const [name, allowed] of Object.entries(MAY_IMPORT)) {
  const folder = join(root, 'packages', name);
  const declared = Object.keys(
    (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { dependencies?: Record<string, string> }).dependencies ?? {},
  );
  for (const file of globSync('src/**/*.ts', { cwd: folder })) {
    const isTest = file.endsWith('.test.ts') || file.includes('testing/');
    const text = readFileSync(join(folder, file), 'utf8');
    for (const match of text.matchAll(IMPORT)) {
      const specifier = match[3] ?? match[4] ?? '';
      const typeOnly = match[2] !== undefined;
      const where = `packages/${name}/${file}: imports '${specifier}'`;
      if (specifier.startsWith('.')) {
        const reached = join('packages', name, file, '..', specifier);
        const isSupport = isTest && reached.startsWith(join('tests', 'support'));
        if (!isSupport && !reached.startsWith(join('packages', name, '/'))) problems.push(`${where}, a file of another package`);
        continue;
      }
      if (specifier.startsWith('node:') || isTest) continue;
      if (builtinModules.includes(specifier)) {
        problems.push(`${where}: write node:${specifier}`);
        continue;
      }
      const target = specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : (specifier.split('/')[0] ?? '');
      if (!declared.includes(target)) problems.push(`${where}, which its package.json does not declare`);
      if (!target.startsWith('@deja/')) continue;
      const other = target.slice('@deja/'.length);
      if (!allowed.includes(other)) problems.push(`${where}; ${name} may import ${allowed.join(', ') || 'nothing'}`);
      const entries = RUNTIME_ENTRIES[name];
      if (entries && !typeOnly && !entries.includes(specifier)) problems.push(`${where} at run time; ${name} may use only its types and ${entries.join(', ')}`);
    }
  }
}

for (const problem of problems) console.error(problem);
process.exit(problems.length === 0 ? 0 : 1);
