import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { addAbortSignal } from 'node:stream';
import { DejaError } from '@deja/format';
import { isFileProblem } from './file-problem.js';
import { shownSource, shownUrl, type ArchiveSource } from './source.js';

/** Eight times what the release has. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Between two pieces. */
const PATIENCE_MS = 30_000;
/** For everything. */
const DEADLINE_MS = 15 * 60_000;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const MAX_REDIRECTS = 10;

export interface Progress {
  /** Bytes. */
  readonly received: number;
  /** Bytes; undefined: nobody says. */
  readonly total: number | undefined;
}

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly patienceMs?: number | undefined;
}

/**
 * Copies an archive to a file. Returns the SHA-256 of what was written, in hexadecimal.
 * @throws DejaError DEJA_FIRECRACKER_DOWNLOAD; the reason of `signal`; errors of the file system about `to`.
 */
export async function download(source: ArchiveSource, to: string, { signal: interrupted, onProgress, patienceMs = PATIENCE_MS }: DownloadOptions = {}): Promise<string> {
  const silence = new AbortController();
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const timer = setTimeout(() => silence.abort(), patienceMs);
  const signal = AbortSignal.any([silence.signal, deadline, ...(interrupted ? [interrupted] : [])]);
  let progress: Progress = { received: 0, total: undefined };
  try {
    await using file = await open(to, 'wx', 0o600);
    const { pieces, total } = source.kind === 'file' ? await read(source.path, signal) : await request(source.url, signal);
    progress = { received: 0, total };
    return await keep(pieces, file, (received) => {
      timer.refresh();
      progress = { received, total };
      onProgress?.(progress);
    });
  } catch (cause) {
    if (interrupted?.aborted || isFileProblem(cause, to)) throw cause;
    const reason = silence.signal.aborted ? `nothing came for ${patienceMs / 1000} s` : deadline.aborted ? `it took more than ${DEADLINE_MS / 60_000} min` : reasonOf(cause);
    const { received, total } = progress;
    throw new DejaError('DEJA_FIRECRACKER_DOWNLOAD', `${shownSource(source)} cannot be had: ${reason}${received === 0 ? '' : `, after ${received} bytes${total === undefined ? '' : ` of ${total}`}`}`, {
      hint: hintFor(source), cause,
    });
  } finally {
    clearTimeout(timer);
  }
}

interface Answer {
  readonly pieces: AsyncIterable<Uint8Array>;
  readonly total: number | undefined;
}

async function read(path: string, signal: AbortSignal): Promise<Answer> {
  const { size } = await stat(path);
  if (size > MAX_BYTES) throw new Error(tooLarge(size));
  return { pieces: createReadStream(path, { signal }), total: size };
}

/**
 * Not by `fetch`: that of Node 24 brings the process down when a server closes the connection while what it sent waits to be read
 * (nodejs/undici#5360), and it unpacks what some servers call encoded only because its name ends in gz.
 */
async function request(url: URL, signal: AbortSignal, redirects = 0): Promise<Answer> {
  const options = { signal, headers: { 'user-agent': 'deja' } };
  const proxies = { proxyEnv: process.env };
  const asked = url.protocol === 'https:' ? https.get(url, { ...options, agent: new https.Agent(proxies) }) : http.get(url, { ...options, agent: new http.Agent(proxies) });
  const [answer] = (await once(asked, 'response')) as [http.IncomingMessage];
  // From here on the answer says what goes wrong.
  asked.on('error', () => undefined);
  addAbortSignal(signal, answer);
  const { statusCode: status = 0, statusMessage, headers } = answer;
  const length = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
  if (status === 200 && (length ?? 0) <= MAX_BYTES) return { pieces: answer, total: length };
  answer.on('error', () => undefined).destroy();
  const next = REDIRECTS.has(status) && headers.location !== undefined ? URL.parse(headers.location, url.href) : null;
  if (next && redirects === MAX_REDIRECTS) throw new Error(`it was redirected more than ${MAX_REDIRECTS} times`);
  if (next?.protocol === 'http:' || next?.protocol === 'https:') return await request(next, signal, redirects + 1);
  if (status === 200) throw new Error(tooLarge(length ?? 0));
  throw new Error(`HTTP ${status} ${statusMessage}${redirects > 0 ? ` from ${shownUrl(url)}` : ''}`);
}

async function keep(pieces: AsyncIterable<Uint8Array>, file: FileHandle, onReceived: (received: number) => void): Promise<string> {
  const hash = createHash('sha256');
  let received = 0;
  for await (const piece of pieces) {
    received += piece.length;
    if (received > MAX_BYTES) throw new Error(tooLarge(received));
    hash.update(piece);
    await file.appendFile(piece);
    onReceived(received);
  }
  return hash.digest('hex');
}

function tooLarge(bytes: number): string {
  return `it has ${bytes} bytes or more, and no archive of Firecracker has more than ${MAX_BYTES}`;
}

function reasonOf(error: unknown): string {
  // When a name has several addresses, there is one error for each.
  const { code, message } = (error instanceof AggregateError ? error.errors[0] : error) as NodeJS.ErrnoException;
  return code === 'ECONNRESET' ? 'the connection was closed' : message;
}

function hintFor(source: ArchiveSource): string {
  if (source.kind === 'file') return 'Name the archive, or the folder that has it.';
  return 'Without access to it: download the archive elsewhere, then `deja setup firecracker --from FILE`. Behind a proxy: set HTTPS_PROXY.';
}
