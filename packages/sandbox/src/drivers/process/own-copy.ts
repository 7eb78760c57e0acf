import { constants, cpSync, mkdtempSync, realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mayShow } from '../../layout/layout.js';
import { moduleClosure } from '../../layout/module-closure.js';
import type { Mount, SandboxSpec } from '../../sandbox.js';

export interface OwnCopy {
  readonly app: Mount;
  remove(): Promise<void>;
}

/** What was unpacked from a container image stays as it is: the application gets a copy of its folder, and of the modules around that. */
export function ownCopy(spec: SandboxSpec): OwnCopy {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'deja-app-')));
  const { from, at } = spec.app;
  for (const mount of [spec.app, ...moduleClosure(from, at).filter((around) => mayShow(spec, around.from))]) {
    cpSync(mount.from, join(folder, mount.at), { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
  }
  return { app: { from: join(folder, at), at }, remove: () => rm(folder, { recursive: true, force: true }) };
}
