/** `npm run mongodb-server`: builds the server that tests of MongoDB use where there is no `mongod`. Needs Go; the first time it takes minutes and 300 MB of modules. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const folder = join(process.env['DEJA_CACHE'] ?? join(root, '.deja', 'cache'), 'mongodb-server');
mkdirSync(folder, { recursive: true });
const { status, error } = spawnSync('go', ['build', '-o', join(folder, 'mongodb-server'), '.'], { cwd: join(root, 'tests', 'support', 'mongodb-server'), stdio: 'inherit' });
if (error !== undefined) console.error(`go cannot be started (${error.message}): install Go 1.22 or later, or name a mongod by MONGODB_SERVER`);
process.exit(status ?? 1);
