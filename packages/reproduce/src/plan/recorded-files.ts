import { dirname, join, normalize } from 'node:path';
import type { ErrorPackage, FileEvent, FileFacts } from '@deja/format';
import { bodyBytes } from '@deja/format/node';
import type { GuestFile } from '@deja/guest';

/** Larger files that were only looked at are made no larger than this. */
const LARGEST_EMPTY = 16 * 1024 * 1024;

/** The files that were there when the application asked for them, and those that were not. What it wrote itself before it read it, it will write again. */
export function recordedFiles({ manifest, timeline, blobs }: ErrorPackage): readonly GuestFile[] {
  if (!manifest.capture.sources?.includes('files')) return [];
  const byPath = Map.groupBy(timeline.filter((event) => event.kind === 'file').filter(({ path }) => mayBeLaidOut(path)), ({ path }) => path);
  const files = new Map<string, GuestFile>();
  for (const [path, events] of byPath) {
    const file = fileAt(path, events, blobs);
    if (file) files.set(path, file);
  }
  for (const [path, events] of byPath) for (const name of listed(events)) if (!files.has(join(path, name))) files.set(join(path, name), { path: join(path, name), kind: 'file', size: 0 });
  // What lies below a name is a folder.
  const all = [...files.keys()];
  for (const path of all) for (let above = dirname(path); files.get(above)?.kind === 'file'; above = dirname(above)) files.set(above, { path: above, kind: 'folder' });
  return [...files.values()];
}

function fileAt(path: string, events: readonly FileEvent[], blobs: ErrorPackage['blobs']): GuestFile | null {
  const written = events.findIndex(({ operation, outcome }) => operation === 'write' && 'ok' in outcome);
  const before = written === -1 ? events : events.slice(0, written);
  // Only written: there may have been something before or not; its folder was there.
  if (before.length === 0) return { path: dirname(path), kind: 'folder' };
  if (written !== -1 && isMissing(before[0])) return { path, kind: 'missing' };
  const seen = before.filter(({ outcome }) => 'ok' in outcome);
  const refused = before.find(({ outcome }) => 'error' in outcome && (outcome.error.code === 'EACCES' || outcome.error.code === 'EPERM'));
  if (seen.length === 0 && !refused) return before.every((event) => isMissing(event)) ? { path, kind: 'missing' } : null;
  const facts: FileFacts = Object.assign({}, ...seen.map(({ outcome }) => ('ok' in outcome ? outcome.ok : {})));
  const shared = { path, ...(facts.mode === undefined ? {} : { mode: facts.mode }), ...(facts.changed === undefined ? {} : { changed: facts.changed }), ...(refused ? { unreadable: true as const } : {}) };
  if (facts.type === 'folder') return { ...shared, kind: 'folder' };
  const { content, size } = facts;
  const known = content ? { base64: Buffer.from(bodyBytes(blobs, content)).toString('base64') } : {};
  return { ...shared, kind: 'file', ...known, ...(size === undefined ? {} : { size: Math.min(size, LARGEST_EMPTY) }) };
}

/** The sandbox's own: the system, and folders that have to be there whatever was recorded. */
const SYSTEM = /^\/(?:usr|bin|sbin|lib(?:32|64|x32)?|proc|sys|dev|\.deja)(?:\/|$)/;
const STAYS = /^\/(?:etc|tmp|run|var|home|root|opt|srv|etc\/(?:hosts|passwd|group|resolv\.conf))?$/;

/** A package may come from anybody. */
function mayBeLaidOut(path: string): boolean {
  return path.startsWith('/') && normalize(path) === path && !SYSTEM.test(path) && !STAYS.test(path);
}

function isMissing(event: FileEvent | undefined): boolean {
  return event !== undefined && 'error' in event.outcome && event.outcome.error.code === 'ENOENT';
}

function listed(events: readonly FileEvent[]): readonly string[] {
  return events.flatMap(({ outcome }) => ('ok' in outcome ? (outcome.ok.entries ?? []) : [])).filter((name) => name !== '' && !name.includes('/') && name !== '..');
}
