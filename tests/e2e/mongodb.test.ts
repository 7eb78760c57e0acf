/** A service with its data in MongoDB: the server of production is gone when its failures happen again. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPackage } from '@deja/format/node';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deja } from '../support/deja.ts';
import { dejaRun } from '../support/deja-run.ts';
import { freePort } from '../support/free-port.ts';
import { testMongodb, withoutMongodb } from '../support/mongodb.ts';
import { npmFolder } from '../support/npm-folder.ts';
import { packagesIn, reproduce, verdictsOf } from './real-apps/deja.ts';

const TOKEN = 'tok_9f8e7d6c5b4a39281706';
interface Keyed {
  readonly _id: number;
}

const BOOKS: readonly (Keyed & { readonly title?: string })[] = [{ _id: 1, title: 'Emma' }, { _id: 2 }];
const COPIES = [1, 2].flatMap((book) => ['A', 'B', 'C'].map((shelf, index) => ({ _id: book * 10 + index, book, shelf })));

describe.each(['mongodb@7', 'mongodb@6', 'mongodb@5'])('%s', (driver) => {
  const installed = npmFolder([driver]);
  const runs = driver === 'mongodb@7' ? 3 : 1;
  const missing = withoutMongodb() || ('missing' in installed ? ` (skipped: ${installed.missing})` : '');

  describe.skipIf(missing !== '')(`failures on MongoDB are observed and happen again${missing}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'deja-mongodb-'));
    const out = join(folder, 'out');
    let files: readonly string[] = [];

    beforeAll(async () => {
      const service = join(folder, 'library');
      cpSync(join(import.meta.dirname, '..', 'apps', 'library'), service, { recursive: true });
      if ('folder' in installed) cpSync(join(installed.folder, 'node_modules'), join(service, 'node_modules'), { recursive: true });
      await using server = await testMongodb();
      const client = new MongoClient(`mongodb://127.0.0.1:${server.port}/`);
      const db = client.db('library');
      await db.collection<Keyed>('books').insertMany(BOOKS);
      await db.collection<Keyed>('copies').insertMany(COPIES);
      await db.collection('sessions').insertOne({ token: TOKEN, reader: 5 });
      await db.collection<Keyed>('loans').insertMany([1, 2].map((id) => ({ _id: id, book: id, reader: 5 })));
      await client.close();
      const port = await freePort();
      const running = await dejaRun(['node', 'server.js'], { out, ready: 'library is listening', cwd: service, env: { PORT: String(port), MONGODB_URL: `mongodb://127.0.0.1:${server.port}/` } });
      const get = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`, { headers: { 'x-token': TOKEN } })).text();
      expect(await get('/loan?id=1')).toBe('EMMA (A, B, C)');
      expect(await get('/loan?id=2')).toBe('sorry');
      expect(await get('/lend?book=1&reader=6')).toBe('sorry');
      await running.stop();
      files = packagesIn(out);
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it('because a field is missing', async () => {
      const [file = ''] = files;
      expect((await readPackage(file)).failure?.error?.message).toContain("reading 'toUpperCase'");
      const { code, document, stderr } = await reproduce(folder, [file, '--runs', String(runs), '--sandbox', 'namespace']);
      expect({ code, verdicts: verdictsOf(document), control: document.control?.verdict }, stderr).toEqual({ code: 0, verdicts: Array<string>(runs).fill('reproduced'), control: 'not-reproduced' });
    });

    it('because a key is there already', async () => {
      const [, file = ''] = files;
      expect((await readPackage(file)).failure?.error?.message).toContain('E11000 duplicate key');
      const { code, document, stderr } = await reproduce(folder, [file, '--runs', String(runs), '--sandbox', 'namespace']);
      expect({ code, verdicts: verdictsOf(document), control: document.control?.verdict }, stderr).toEqual({ code: 0, verdicts: Array<string>(runs).fill('reproduced'), control: 'not-reproduced' });
    });

    it('without the secret', async () => {
      for (const file of files) {
        expect(readFileSync(file).includes(TOKEN)).toBe(false);
        expect(JSON.stringify((await readPackage(file)).timeline)).not.toContain(TOKEN);
      }
    });

    it('and are told in words', async () => {
      const [file = ''] = files;
      const { stdout } = await deja(['events', file, '--kind', 'mongodb'], { cwd: folder });
      expect(stdout).toContain('library.books.find {"filter":{"_id":2},"limit":1,"singleBatch":true');
      expect(stdout).toContain('1 document');
    });
  });
});
