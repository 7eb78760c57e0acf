import { setTimeout as sleep } from 'node:timers/promises';
import { FAILURES, type PlannedFailure } from '../traffic/failures.js';
import { OrdinaryTraffic, type TrafficReport } from '../traffic/ordinary.js';
import { startWorld, type World } from '../world/world.js';
import { runDeja } from './deja-command.js';
import { startUnderCapture } from './under-capture.js';

export interface RecordOptions {
  /** Folder for packages. */
  readonly out: string;
  /** Files of the servers; removed at the end. */
  readonly folder: string;
  /** Prepared things that outlive the recording. */
  readonly cacheFolder: string;
  readonly onProgress?: (progress: RecordProgress) => void;
  /** Ends the recording early: it throws, after everything was stopped. */
  readonly signal?: AbortSignal;
}

export type RecordProgress =
  | { readonly step: 'world'; readonly world: World }
  | { readonly step: 'service'; readonly url: string }
  | { readonly step: 'failure'; readonly failure: PlannedFailure; readonly status: number; readonly text: string }
  | { readonly step: 'line'; readonly line: string }
  | { readonly step: 'stopped'; readonly report: TrafficReport };

export interface RecordedFailure {
  readonly failure: PlannedFailure;
  /** Path of the package. */
  readonly path: string;
  readonly summary: string;
}

export interface Recording {
  readonly failures: readonly RecordedFailure[];
  readonly traffic: TrafficReport;
  readonly leftOut: readonly string[];
}

interface Listed {
  readonly packages: readonly { readonly path: string; readonly summary: string | null }[];
}

const PACKAGES_MS = 10_000;

/**
 * Production for a few seconds: starts the servers and the service, lets the failures happen under ordinary traffic, stops everything.
 * Throws when a package is missing.
 */
export async function recordFailures(options: RecordOptions): Promise<Recording> {
  const tell = options.onProgress ?? (() => undefined);
  const world = await startWorld({ folder: options.folder, cacheFolder: options.cacheFolder });
  const possible = FAILURES.filter((failure) => failure.possible(world));
  let traffic: OrdinaryTraffic;
  try {
    tell({ step: 'world', world });
    const shop = await startUnderCapture({ out: options.out, env: world.env, onLine: (line) => tell({ step: 'line', line }) });
    try {
      tell({ step: 'service', url: shop.url });
      traffic = new OrdinaryTraffic(shop.client);
      await traffic.visits(60);
      for (const failure of possible) {
        options.signal?.throwIfAborted();
        const { status, text } = await failure.provoke({ world, client: shop.client, traffic });
        tell({ step: 'failure', failure, status, text });
        await traffic.visits(20);
      }
      await packagesOf(options.out, possible);
    } finally {
      await shop.stop();
    }
  } finally {
    await world.stop();
  }
  tell({ step: 'stopped', report: traffic.report });
  return { failures: await packagesOf(options.out, possible), traffic: traffic.report, leftOut: world.leftOut };
}

/** The package of each failure, once all are there. */
async function packagesOf(out: string, failures: readonly PlannedFailure[]): Promise<readonly RecordedFailure[]> {
  const deadline = Date.now() + PACKAGES_MS;
  for (;;) {
    const { stdout } = await runDeja(['ls', out, '--json', '--quiet']);
    const { packages } = JSON.parse(stdout) as Listed;
    const found = failures.flatMap((failure) => {
      const one = packages.find(({ summary }) => summary !== null && failure.summary.test(summary));
      return one ? [{ failure, path: one.path, summary: one.summary ?? '' }] : [];
    });
    if (found.length === failures.length) return found;
    if (Date.now() > deadline) {
      const missing = failures.filter((failure) => !found.some((one) => one.failure === failure)).map(({ id }) => id);
      throw new Error(`no package of ${missing.join(', ')} in ${out}; there are: ${packages.map(({ summary }) => summary).join(' · ') || 'none'}`);
    }
    await sleep(200);
  }
}
