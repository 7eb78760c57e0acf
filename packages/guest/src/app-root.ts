import { chmodSync, chownSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GuestApp } from './plan.js';

/**
 * The application's root folder, as the agent sees it, where that is another than the agent's own: in a machine whose application is a container image.
 * All but the system's own folders are at the same paths in both. There the application runs as the user who it was, and files belong to whom they did.
 */
export function appRoot(): string | undefined {
  return process.env['DEJA_APP_ROOT'];
}

/** Where the agent finds a file that the application finds at a path. */
export function inAppRoot(path: string): string {
  const root = appRoot();
  return root === undefined ? path : join(root, path);
}

/** What the agent made for the application is the application's. Where all is one user's it is so already. */
export function giveToApp({ uid }: Pick<GuestApp, 'uid'>, path: string): void {
  if (appRoot() !== undefined) chownSync(path, uid, groupOf(uid));
}

/** The way to what is the application's, in a folder that is not. */
export function letAppIn(folder: string): void {
  if (appRoot() !== undefined) chmodSync(folder, 0o755);
}

/** As the system's list of users says; users who are not in it have a group of their own number. */
export function groupOf(uid: number): number {
  const entry = readFileSync(inAppRoot('/etc/passwd'), 'utf8').split('\n').map((line) => line.split(':')).find((fields) => fields[2] === String(uid));
  const gid = Number(entry?.[3]);
  return Number.isInteger(gid) && entry?.[3] !== '' ? gid : uid;
}
