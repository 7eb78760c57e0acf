import { bubblewrapProbe } from '../drivers/namespace/bubblewrap.js';
import type { Launcher } from '../drivers/namespace/launcher.js';
import { tryOut } from '../drivers/namespace/probe.js';
import { unshareProbe } from '../drivers/namespace/unshare.js';

/** Both ways into new namespaces, with the reason why one of them cannot be tested here. */
export const launchers: readonly { readonly launcher: Launcher; readonly missing: string | null; readonly name: string }[] = await Promise.all(
  (
    [
      ['bubblewrap', 'bwrap', bubblewrapProbe],
      ['unshare', 'setpriv', unshareProbe],
    ] as const
  ).map(async ([launcher, program, probe]) => {
    const missing = process.platform === 'linux' ? await tryOut(program, probe()) : `namespaces are a part of Linux, this is ${process.platform}`;
    return { launcher, missing, name: missing === null ? launcher : `${launcher} (left out: ${missing})` };
  }),
);
