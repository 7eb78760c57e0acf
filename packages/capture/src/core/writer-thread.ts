import { parentPort } from 'node:worker_threads';
import type { ErrorPackage } from '@deja/format';
import { writePackageFile } from '@deja/format/writer';

parentPort?.on('message', ({ path, pkg }: { readonly path: string; readonly pkg: ErrorPackage }) => {
  try {
    writePackageFile(path, pkg);
    parentPort?.postMessage({ path }, []);
  } catch (error) {
    parentPort?.postMessage({ path, error: error instanceof Error ? error.message : String(error) }, []);
  }
});
