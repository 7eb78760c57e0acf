import { parentPort } from 'node:worker_threads';
import type { ErrorPackage } from '@deja/format';
import { writePackageFile } from '@deja/format/writer';
import { WriteClaim } from './write-claim.js';

interface Message {
  readonly path: string;
  readonly pkg: ErrorPackage;
  readonly claim: Int32Array<SharedArrayBuffer>;
}

parentPort?.on('message', ({ path, pkg, claim }: Message) => {
  try {
    new WriteClaim(claim).asThread(() => writePackageFile(path, pkg));
    parentPort?.postMessage({ path }, []);
  } catch (error) {
    parentPort?.postMessage({ path, error: error instanceof Error ? error.message : String(error) }, []);
  }
});
