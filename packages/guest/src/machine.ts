import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { giveToApp } from './app-root.js';
import type { GuestPlan } from './plan.js';

/** What a machine has without being asked, and the recorded environment relies on. Only where the machine is the sandbox's own. */
export function makeMachine({ app, stubs }: GuestPlan): void {
  // A host that is a path is the folder of a Unix socket.
  for (const folder of [app.env.HOME, app.env.TMPDIR, ...stubs.sql.map(({ host }) => host)]) {
    if (folder?.startsWith('/') && mkdirSync(folder, { recursive: true }) !== undefined) giveToApp(app, folder);
  }
  // `os.userInfo()` fails for a user without a name.
  if (hasUser(app.uid)) return;
  const home = app.env.HOME?.startsWith('/') === true && !/[:\n]/.test(app.env.HOME) ? app.env.HOME : '/';
  const name = /^[a-z_][\w-]*$/i.test(app.env.USER ?? '') ? app.env.USER : 'app';
  appendFileSync('/etc/passwd', `${name}:x:${app.uid}:${app.uid}:${name}:${home}:/bin/sh\n`);
  appendFileSync('/etc/group', `${name}:x:${app.uid}:\n`);
}

function hasUser(uid: number): boolean {
  return readFileSync('/etc/passwd', 'utf8').split('\n').some((line) => line.split(':')[2] === String(uid));
}
