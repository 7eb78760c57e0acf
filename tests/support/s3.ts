import { spawn, spawnSync } from 'node:child_process';
import { request as http } from 'node:http';
import { request as https } from 'node:https';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';

const VERSION = 'v1.8.0';
const FOLDER = join(import.meta.dirname, '..', '..', '.deja', 'versitygw', VERSION);
const PROGRAM = join(FOLDER, 'versitygw');

/** What the server's only user signs with. */
export const S3_USER = { accessKeyId: 'deja-test-user', secretAccessKey: 'deja-test-secret' } as const;
export const S3_REGION = 'us-east-1';

export interface TestS3 extends AsyncDisposable {
  readonly port: number;
}

export interface TestS3Options {
  /** PEM of a key and a certificate: it speaks HTTPS. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Buckets are also asked for by the host `BUCKET.localhost`. */
  readonly virtualHosts?: boolean;
}

/** Why tests on S3 are left out here; '' where there is a server. Building it takes minutes, and is done where `S3_SERVER=1` asks for it. */
export function withoutS3(): string {
  if (existsSync(PROGRAM)) return '';
  if (process.env['S3_SERVER'] !== '1') return ` (skipped: versitygw ${VERSION} is not built; S3_SERVER=1 does it)`;
  const missing = build();
  return missing === null ? '' : ` (skipped: ${missing})`;
}

/** versitygw, an S3 server in front of a folder, on a free port of 127.0.0.1; it has no bucket yet. `missing` says why it cannot be had. */
export async function testS3({ tls, virtualHosts }: TestS3Options = {}): Promise<TestS3 | { readonly missing: string }> {
  const unbuilt = existsSync(PROGRAM) ? null : build();
  if (unbuilt !== null) return { missing: unbuilt };
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'deja-s3-'));
  for (const name of ['objects', 'attributes']) mkdirSync(join(folder, name));
  if (tls) for (const [name, text] of Object.entries(tls)) writeFileSync(join(folder, `${name}.pem`), text, { mode: 0o600 });
  const secure = tls ? ['--cert', join(folder, 'cert.pem'), '--key', join(folder, 'key.pem')] : [];
  const args = ['--port', `127.0.0.1:${port}`, '--region', S3_REGION, '--quiet', '--keep-alive', ...secure, ...(virtualHosts === true ? ['--virtual-domain', `localhost:${port}`] : []), 'posix', '--sidecar', join(folder, 'attributes'), join(folder, 'objects')];
  const child = spawn(PROGRAM, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ROOT_ACCESS_KEY: S3_USER.accessKeyId, ROOT_SECRET_KEY: S3_USER.secretAccessKey } });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 500 && child.exitCode === null; attempt++) {
    if (await answers(port, tls !== undefined)) return { port, [Symbol.asyncDispose]: stop };
    await sleep(10);
  }
  await stop();
  return { missing: `versitygw does not answer: ${said.trim()}` };
}

/** Null, or why it cannot be built. */
function build(): string | null {
  const making = `${FOLDER}.${process.pid}`;
  const done = spawnSync('go', ['install', `github.com/versity/versitygw/cmd/versitygw@${VERSION}`], { encoding: 'utf8', timeout: 590_000, env: { ...process.env, GOBIN: making } });
  if (done.status !== 0) {
    rmSync(making, { recursive: true, force: true });
    return `versitygw ${VERSION} cannot be built (${done.error?.message ?? done.stderr.trim().split('\n').at(-1) ?? 'it took too long'}); it needs Go`;
  }
  try {
    renameSync(making, FOLDER);
  } catch {
    rmSync(making, { recursive: true, force: true }); // another worker was faster
  }
  return null;
}

function answers(port: number, secure: boolean): Promise<boolean> {
  const ask = secure ? https : http;
  return new Promise((resolve) => {
    ask({ host: '127.0.0.1', port, path: '/', rejectUnauthorized: false }, (response) => response.resume().once('end', () => resolve(true)))
      .once('error', () => resolve(false))
      .end();
  });
}
