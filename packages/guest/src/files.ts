import { chmodSync, existsSync, mkdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { giveToApp, inAppRoot } from './app-root.js';
import type { GuestFile, GuestPlan } from './plan.js';

/**
 * Lays out the recorded files, folders before what is in them. What is there already and whose content nobody saw stays: engines have made it.
 * What cannot be laid out (a read-only place of the system) is returned in words.
 */
export function layOutFiles({ app, files = [] }: GuestPlan): readonly string[] {
  const failed: string[] = [];
  const modes: (() => void)[] = [];
  for (const file of files.toSorted((a, b) => a.path.length - b.path.length)) {
    try {
      layOut(file, app);
    } catch (error) {
      failed.push(`${file.path} could not be laid out as recorded: ${error instanceof Error ? error.message : String(error)}`);
      continue;
    }
    // Last: a folder that nobody may read still has to get what is in it.
    modes.push(() => setMode(file));
  }
  for (const set of modes.toReversed()) set();
  return failed;
}

function layOut(file: GuestFile, app: GuestPlan['app']): void {
  const path = inAppRoot(file.path);
  if (file.kind === 'missing') {
    rmSync(path, { recursive: true, force: true });
    makeFolder(dirname(path), app);
    return;
  }
  if (file.kind === 'folder') {
    makeFolder(path, app);
    return;
  }
  makeFolder(dirname(path), app);
  if (file.base64 !== undefined) writeFileSync(path, Buffer.from(file.base64, 'base64'));
  else if (existsSync(path)) return;
  else {
    writeFileSync(path, '');
    truncateSync(path, file.size ?? 0);
  }
  giveToApp(app, path);
}

function makeFolder(path: string, app: GuestPlan['app']): void {
  const made = mkdirSync(path, { recursive: true });
  if (made !== undefined) giveToApp(app, path);
}

function setMode(file: GuestFile): void {
  if (file.kind === 'missing') return;
  const path = inAppRoot(file.path);
  if (file.unreadable) chmodSync(path, 0);
  else if (file.mode !== undefined) chmodSync(path, file.mode & 0o777);
  if (file.changed !== undefined) utimesSync(path, file.changed / 1000, file.changed / 1000);
}
