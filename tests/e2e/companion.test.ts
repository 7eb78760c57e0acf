/**
 * Companion 4.15.1 (of Uppy) with an S3 bucket: somebody goes on with an upload that the bucket has cleared away, and gets a 500.
 * Needs LARGE_APPS=1: its installation is 75 MB. And a server: S3_SERVER=1 builds it where it is not there.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPackage } from '@deja/format/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withoutLargeApps } from '../support/large-apps.ts';
import { npmFolder } from '../support/npm-folder.ts';
import { testS3, withoutS3 } from '../support/s3.ts';
import { captureCompanion, type CompanionDays } from './real-apps/capture-companion.ts';
import { packagesIn, reproduce, verdictsOf } from './real-apps/deja.ts';
import { userNode } from './real-apps/user-node.ts';

const node = userNode(20);
const unwanted = withoutLargeApps() || withoutS3();
const installed = unwanted === '' ? npmFolder(['@uppy/companion@4.15.1']) : { missing: '' };
const missing = unwanted || ('missing' in installed ? ` (skipped: ${installed.missing})` : '') || ('missing' in node ? ` (skipped: ${node.missing})` : '');
const folder = mkdtempSync(join(tmpdir(), 'deja-companion-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(missing !== '')(`Companion 4.15.1${missing}: an upload that the bucket has cleared away is gone on with`, () => {
  let days: CompanionDays;
  let file = 'no package';
  beforeAll(async () => {
    if ('missing' in installed || 'missing' in node) return;
    const server = await testS3();
    if ('missing' in server) throw new Error(server.missing);
    await using s3 = server;
    days = await captureCompanion(installed.folder, node.node, s3, folder);
    file = packagesIn(join(folder, '.deja'))[0] ?? file;
  }, 120_000);

  it('is captured, with what S3 said', async () => {
    expect({ status: days.status, message: (JSON.parse(days.answer) as { readonly message: string }).message }).toEqual({ status: 500, message: 'Something went wrong' });
    const { failure, timeline, manifest } = await readPackage(file);
    expect(manifest.service).toBe('@uppy/companion');
    expect(failure?.error).toMatchObject({ name: 'NoSuchUpload' });
    const asked = timeline.filter((event) => event.kind === 'http' && event.scope?.in === 'request');
    expect(asked).toMatchObject([{ method: 'GET', service: 's3', attributes: { 'rpc.method': 'ListParts', 'aws.s3.bucket': 'uploads' }, outcome: { ok: { status: 404 } } }]);
  });

  it('is reproduced three times out of three with the S3 server stopped; had the upload been there, it were none', async () => {
    const { code, document, stderr } = await reproduce(folder, [file, '--runs', '3']);
    expect({ code, verdicts: verdictsOf(document), control: document.control?.verdict }, stderr).toEqual({ code: 0, verdicts: ['reproduced', 'reproduced', 'reproduced'], control: 'not-reproduced' });
  }, 240_000);
});
