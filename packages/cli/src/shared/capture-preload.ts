import { fileURLToPath } from 'node:url';

/** Path of the module that observes the application it is preloaded into. */
export function capturePreload(): string {
  return fileURLToPath(import.meta.resolve('@deja/capture/register'));
}
