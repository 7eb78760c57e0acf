import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { DejaError } from '@deja/format';
import { SYSTEM_PATH } from '../../layout/system-path.js';
import { isUsableVersion, NEEDED_VERSION } from './release.js';

const run = promisify(execFile);
const PATIENCE_MS = 10_000;
/** Where a program says which processor it is for, and their numbers in it. */
const MACHINE_AT = 18;
const ELF_MACHINES: Readonly<Record<string, number>> = { x64: 62, arm64: 183 };

/** Paths of the two programs. */
export interface Programs {
  readonly firecracker: string;
  readonly jailer: string | null;
}

/**
 * The version of both, when it is one that Deja can use.
 * @param cures What to do when one of them is of no use.
 * @param shown What to call a program in the message.
 * @throws DejaError DEJA_FIRECRACKER_UNUSABLE
 */
export async function usableVersion({ firecracker, jailer }: Programs, cures: Readonly<Record<keyof Programs, string>>, shown = (path: string): string => path): Promise<string> {
  const version = await versionOf(firecracker, 'Firecracker', shown(firecracker), cures.firecracker);
  if (!isUsableVersion(version)) throw unusable(shown(firecracker), `is version ${version}`, cures.firecracker);
  const jailers = jailer === null ? version : await versionOf(jailer, 'Jailer', shown(jailer), cures.jailer);
  if (jailer !== null && jailers !== version) throw unusable(shown(jailer), `is version ${jailers} and Firecracker is ${version}`, cures.jailer);
  return version;
}

async function versionOf(path: string, program: 'Firecracker' | 'Jailer', shown: string, cure: string): Promise<string> {
  const problem = await formatProblem(path);
  if (problem !== null) throw unusable(shown, `does not run: ${problem}`, cure);
  let printed: string;
  try {
    ({ stdout: printed } = await run(path, ['--version'], { env: { PATH: SYSTEM_PATH }, timeout: PATIENCE_MS, killSignal: 'SIGKILL' }));
  } catch (cause) {
    throw unusable(shown, `does not run: ${whyNot(cause)}`, cure, cause);
  }
  const version = new RegExp(`^${program} v(\\S+)`).exec(printed)?.[1];
  if (version === undefined) throw unusable(shown, `does not call itself ${program} but ${JSON.stringify(printed.split('\n', 1)[0]?.slice(0, 80))}`, cure);
  return version;
}

function unusable(shown: string, why: string, cure: string, cause?: unknown): DejaError {
  return new DejaError('DEJA_FIRECRACKER_UNUSABLE', `${shown} ${why}; Firecracker ${NEEDED_VERSION} is needed`, { hint: cure, cause });
}

/** What the kernel does not take as a program would be given to a shell, which takes anything. */
async function formatProblem(path: string): Promise<string | null> {
  const head = Buffer.alloc(MACHINE_AT + 2);
  try {
    await using file = await open(path);
    await file.read(head);
  } catch {
    // Starting it says why.
    return null;
  }
  if (head.toString('latin1', 0, 2) === '#!') return null;
  if (head.toString('latin1', 0, 4) !== '\u007fELF') return 'it is no program';
  return head.readUInt16LE(MACHINE_AT) === ELF_MACHINES[process.arch] ? null : 'it is a program for another kind of machine';
}

function whyNot(error: unknown): string {
  const { code, killed, signal, stderr = '', message } = error as Omit<NodeJS.ErrnoException, 'code'> & { code?: string | number; killed?: boolean; signal?: string | null; stderr?: string };
  if (code === 'ENOENT') return 'there is no such file, or no interpreter for it';
  if (code === 'EACCES') return 'it may not be executed (is it a program, and on a disk that allows them?)';
  if (killed) return `it had not answered after ${PATIENCE_MS / 1000} s`;
  if (signal) return `it ended by ${signal}`;
  return stderr.trim().split('\n').at(-1) || (message.split('\n', 1)[0] ?? 'it failed');
}
