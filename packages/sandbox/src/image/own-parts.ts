import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { DejaError } from '@deja/format';
import { stampOf } from './file-index.js';
import { hasModules, kernelModules, type KernelModule } from './kernel-modules.js';
import { staticProgramProblem } from './static-program.js';

/** What the user puts in the place of Debian's. */
export interface OwnParts {
  readonly kernel?: { readonly path: string; readonly image: Buffer; readonly modules: readonly KernelModule[] };
  readonly busybox?: Buffer;
  /** Of all that is named. '': nothing is. */
  readonly digest: string;
}

const NAMES = ['DEJA_KERNEL', 'DEJA_KERNEL_MODULES', 'DEJA_BUSYBOX'] as const;

/**
 * Reads what `DEJA_KERNEL` (a vmlinux or bzImage), `DEJA_KERNEL_MODULES` (its folder of modules) and `DEJA_BUSYBOX` name, and looks whether each can be what
 * it is called. Nothing of it is run.
 * @param wanted names of the modules that a guest needs
 * @throws DejaError DEJA_KERNEL_UNUSABLE, DEJA_BUSYBOX_UNUSABLE
 */
export function ownParts(wanted: readonly string[], env: NodeJS.ProcessEnv = process.env): OwnParts {
  const [kernelPath, modulesPath, busyboxPath] = NAMES.map((name) => env[name] || undefined);
  if (modulesPath !== undefined && kernelPath === undefined) {
    throw unusable('DEJA_KERNEL_MODULES', modulesPath, 'cannot be used: DEJA_KERNEL does not name the kernel that it belongs to', 'Name both, or unset DEJA_KERNEL_MODULES to use Debian\'s kernel.');
  }
  const kernel = kernelPath === undefined ? undefined : { path: kernelPath, image: fileOf('DEJA_KERNEL', kernelPath), modules: modulesPath === undefined ? [] : modulesOf(modulesPath, wanted) };
  const busybox = busyboxPath === undefined ? undefined : busyboxOf(busyboxPath);
  return { ...(kernel && { kernel }), ...(busybox && { busybox }), digest: digestOf([kernel?.image, ...(kernel?.modules ?? []).map(({ bytes }) => bytes), busybox]) };
}

/** Tells what is named now from what was, without reading it. */
export function ownPartsStamp(env: NodeJS.ProcessEnv = process.env): readonly string[] {
  return NAMES.map((name) => env[name] || '').map((path) => {
    const stat = path === '' ? undefined : statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? path : `${path} ${stampOf(stat)}`;
  });
}

function modulesOf(path: string, wanted: readonly string[]): readonly KernelModule[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory() || !hasModules(path)) {
    throw unusable('DEJA_KERNEL_MODULES', path, 'is no folder of modules: it has no kernel/**/*.ko', 'Name the folder that is called as the kernel\'s version, with modules that are not compressed: /lib/modules/VERSION');
  }
  return kernelModules(path, wanted);
}

function busyboxOf(path: string): Buffer {
  const hint = 'Name a static busybox for x86-64, or unset DEJA_BUSYBOX to use Debian\'s.';
  const file = fileOf('DEJA_BUSYBOX', path);
  const problem = staticProgramProblem(file) ?? (file.includes('BusyBox v') ? null : 'is a program, but no busybox');
  if (problem !== null) throw unusable('DEJA_BUSYBOX', path, problem, hint);
  return file;
}

function fileOf(name: (typeof NAMES)[number], path: string): Buffer {
  const hint = name === 'DEJA_BUSYBOX' ? 'Name a static busybox, or unset DEJA_BUSYBOX to use Debian\'s.' : 'Name a vmlinux or bzImage, or unset DEJA_KERNEL to use Debian\'s.';
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw unusable(name, path, 'does not exist', hint);
  if (!stat.isFile()) throw unusable(name, path, 'is no file', hint);
  try {
    return readFileSync(path);
  } catch (cause) {
    throw unusable(name, path, `cannot be read: ${(cause as Error).message}`, hint, cause);
  }
}

function digestOf(parts: readonly (Buffer | undefined)[]): string {
  if (parts.every((part) => part === undefined)) return '';
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part === undefined ? 'none' : createHash('sha256').update(part).digest('hex'));
  return hash.digest('hex').slice(0, 12);
}

function unusable(name: (typeof NAMES)[number], path: string, why: string, hint: string, cause?: unknown): DejaError {
  return new DejaError(name === 'DEJA_BUSYBOX' ? 'DEJA_BUSYBOX_UNUSABLE' : 'DEJA_KERNEL_UNUSABLE', `${path} (${name}) ${why}`, { hint, ...(cause === undefined ? {} : { cause }) });
}
