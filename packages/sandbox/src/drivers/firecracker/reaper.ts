import { spawn, type ChildProcess } from 'node:child_process';
import { SYSTEM_PATH } from '../../layout/system-path.js';

/** What is left of a machine when its program is gone, however that came. */
export interface Traces {
  /** The user that only this machine runs as; 0: none. */
  readonly uid: number;
  /** Folder of its control group; '': none. */
  readonly cgroup: string;
  readonly folders: readonly string[];
}

export interface Reaped {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly traces: Traces;
  readonly evidence: Evidence;
}

/** Files that are kept in a folder when the program ends without having been told to: they may tell why. */
export interface Evidence {
  readonly files: readonly string[];
  readonly to: string;
}

/** Functions of both scripts. `$uid`, `$cgroup`, and the arguments: folders. A cgroup can be removed a moment after its last process is gone. */
const FUNCTIONS = `
end_all() {
  [ -z "$cgroup" ] || echo 1 > "$cgroup/cgroup.kill"
  [ "$uid" = 0 ] || setpriv --reuid "$uid" --regid "$uid" --clear-groups -- sh -c 'kill -KILL -1'
} 2>/dev/null
remove_all() {
  rm -rf -- "$@"
  tries=0
  while [ -n "$cgroup" ] && [ -d "$cgroup" ] && [ $tries -lt 200 ]; do rmdir "$cgroup" 2>/dev/null || sleep 0.01; tries=$((tries + 1)); done
}
uid=$1 cgroup=$2; shift 2
`;

/** Standard input is a leash: the host holds the other end for as long as it lives and wants the machine. */
const REAPER = `${FUNCTIONS}
folders=$1 files=$2 to=$3; shift 3
exec 3<&0
"$@" </dev/null 3<&- &
machine=$!
# Nobody may be left to read what the shell says of signals.
exec >/dev/null 2>&1
{ cat <&3 >/dev/null; kill -KILL $machine 2>/dev/null; end_all; } &
leash=$!
wait $machine
code=$?
set -f
IFS=:
if kill -0 $leash 2>/dev/null; then mkdir -p "$to"; cp $files "$to" 2>/dev/null; fi
end_all
remove_all $folders
exec 3<&-
kill $leash 2>/dev/null
exit $code
`;

/**
 * Starts a machine's program under a process that outlives us: when we end, in whatever way, or let its standard input go, it ends the machine and
 * removes what was made for it. It ends when the machine has, with the same exit code. No path may have a colon in it.
 */
export function startReaped({ command, cwd, traces, evidence }: Reaped): ChildProcess {
  const words = [String(traces.uid), traces.cgroup, traces.folders.join(':'), evidence.files.join(':'), evidence.to];
  return spawn('sh', ['-c', REAPER, 'reaper', ...words, ...command], { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: SYSTEM_PATH }, cwd, detached: true });
}

/** For what was left by a reaper that was killed itself. */
export async function removeTraces({ uid, cgroup, folders }: Traces): Promise<void> {
  const child = spawn('sh', ['-c', `${FUNCTIONS}end_all; remove_all "$@"`, 'reaper', String(uid), cgroup, ...folders], { stdio: 'ignore', env: { PATH: SYSTEM_PATH }, cwd: '/' });
  await new Promise((resolve) => child.once('close', resolve).once('error', resolve));
}
