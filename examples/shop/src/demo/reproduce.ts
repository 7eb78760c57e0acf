import { liveLine } from './live-line.js';
import { runDeja } from './deja-command.js';

export interface Reproduced {
  readonly verdict: string;
  readonly sandbox: string;
  readonly runs: readonly { readonly verdict: string; readonly ms: { readonly total: number } | null; readonly divergence: { readonly summary?: string } | null; readonly error?: { readonly message: string } }[];
  readonly control: { readonly verdict: string; readonly removed: string; readonly instead?: string | null } | null;
}

/** `deja reproduce PACKAGE --runs N --json`. Throws with its words when it could not run at all. */
export async function reproducePackage(path: string, runs: number, signal?: AbortSignal): Promise<Reproduced> {
  using live = liveLine();
  const { stdout, stderr } = await runDeja(['reproduce', path, '--runs', String(runs), '--json'], { onLine: (line) => live.show(line), ...(signal ? { signal } : {}) });
  const document = parsed(stdout);
  if (document === null || 'error' in document) throw new Error(stderr.trim() || `deja reproduce ${path} printed nothing`);
  return document;
}

function parsed(text: string): Reproduced | { readonly error: unknown } | null {
  try {
    return JSON.parse(text) as Reproduced | { readonly error: unknown };
  } catch {
    return null;
  }
}
