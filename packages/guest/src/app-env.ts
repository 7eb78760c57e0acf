import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inAppRoot } from './app-root.js';
import type { GuestApp } from './plan.js';

export interface Injected {
  /** Folder of the agent's own for this run. */
  readonly folder: string;
  /** Where the application's capture writes its packages. */
  readonly out: string;
  /** File with the replay instructions. */
  readonly replay: string;
  /** PEM of the stubs' certificate authority. */
  readonly ca?: string;
}

/** The application's own environment, and the few variables that make capture replay. */
export function appEnvironment(app: GuestApp, injected: Injected): Readonly<Record<string, string>> {
  const env: Record<string, string> = { ...app.env };
  // As a URL: NODE_OPTIONS splits at spaces.
  env.NODE_OPTIONS = [app.env.NODE_OPTIONS, `--import ${pathToFileURL(app.preload).href}`].filter(Boolean).join(' ');
  env.DEJA_OUT = injected.out;
  env.DEJA_REPLAY = injected.replay;
  if (injected.ca !== undefined) env.NODE_EXTRA_CA_CERTS = writeAuthorities(injected.folder, injected.ca, app.env.NODE_EXTRA_CA_CERTS);
  return env;
}

/** Node takes one file only: the application's own authorities, where it had some, stay in it. */
function writeAuthorities(folder: string, ca: string, own: string | undefined): string {
  const file = join(folder, 'ca.pem');
  const others = own !== undefined && existsSync(inAppRoot(own)) ? readFileSync(inAppRoot(own), 'utf8') : '';
  writeFileSync(file, `${ca.trim()}\n${others}`);
  return file;
}
