import * as nodeModule from 'node:module';
import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import { addHook } from 'import-in-the-middle';
import { Hook } from 'require-in-the-middle';
import { copyOf, loadedCopies, type ModuleCopy } from './module-copy.js';
import { noteNotCaptured, reportOnce } from './not-captured.js';
import { inRange } from './version-range.js';

/**
 * Changes the exports of one loaded copy. May return a replacement for them (the application then gets that); otherwise changes them in place.
 * For CommonJS packages `exports` is `module.exports`, however it was loaded; for ES modules it is the (settable) namespace.
 */
export type ModulePatch = (exports: unknown, copy: ModuleCopy) => unknown;

export interface HookOptions {
  /** Comparators (`>=8.0.0 <9`); other versions are left alone, and packages say so. */
  readonly versions?: string;
  /** A file inside the package without extension (`lib/client`) instead of its entry. Seen only where CommonJS requires it. */
  readonly file?: string;
}

interface Registration {
  readonly name: string;
  readonly id: string;
  readonly patch: ModulePatch;
  readonly versions: string | undefined;
  readonly done: WeakMap<object, unknown>;
}

const registrations: Registration[] = [];
/** Read by the require hook on every call: names added later count from then on. */
const hookedIds: string[] = [];
let started = false;
let requireHook: Hook | null = null;

/**
 * Have `patch` called exactly once for every copy of the package `name` that is loaded, by `require` or by `import`, from now on, and for the copies
 * that CommonJS had loaded before. Never throws: a patch that fails is reported once on standard error and the package stays unobserved.
 * Imports are seen after `startModuleHooks()`; call it when all hooks are registered.
 */
export function hookModule(name: string, patch: ModulePatch, options: HookOptions = {}): void {
  const id = options.file === undefined ? name : `${name}/${options.file}`;
  const registration: Registration = { name, id, patch, versions: options.versions, done: new WeakMap() };
  registrations.push(registration);
  try {
    hookRequire(id);
    if (!isBuiltin(name)) for (const copy of loadedCopies(name, id)) apply(registration, copy.exports, copy.file);
  } catch (error) {
    giveUp(registration, error);
  }
}

/** Begin to see ES module imports of the hooked packages, and of no others. Call once, before the application is loaded. */
export async function startModuleHooks(): Promise<void> {
  if (started) return;
  started = true;
  try {
    addHook(onImport);
    const { register, supportsSyncHooks } = await import('import-in-the-middle/register-hooks.mjs');
    if (supportsSyncHooks()) {
      const only: { readonly shouldInclude: (url: string, specifier: string) => boolean } = { shouldInclude: (_url, specifier) => hookedIds.includes(specifier) };
      register(only as Parameters<typeof register>[0]);
    } else {
      nodeModule.register('import-in-the-middle/hook.mjs', import.meta.url, { data: { include: [...hookedIds] } });
    }
  } catch (error) {
    reportOnce(`imports of ES modules cannot be observed: ${message(error)}`);
    noteNotCaptured(`packages loaded by import: ${message(error)}`);
  }
}

function hookRequire(id: string): void {
  if (hookedIds.includes(id)) return;
  hookedIds.push(id);
  requireHook ??= new Hook(hookedIds, null, (exports, name, folder) => {
    let result = exports;
    for (const registration of registrations) {
      if (registration.id !== name) continue;
      const replacement = apply(registration, result, folder === undefined ? '' : `${folder}/package.json`);
      // The library types the hook as one that keeps the type; what a patch returns stands in for the exports by its contract.
      result = replacement as typeof exports;
    }
    return result;
  });
}

type Namespace = Record<string, unknown>;

function onImport(url: string, namespace: Namespace, specifier: string | undefined, format: string | undefined): void {
  for (const registration of registrations) {
    if (registration.id !== specifier) continue;
    try {
      const inner = commonjsExports(namespace, format);
      const file = url.startsWith('file:') ? fileURLToPath(url) : '';
      const result = apply(registration, inner ?? namespace, file);
      if (inner !== null) carryOver(namespace, result);
    } catch (error) {
      giveUp(registration, error);
    }
  }
}

/** The `module.exports` behind a namespace: of a CommonJS module, or of one that an ES module only passes on (as `pg` does). */
function commonjsExports(namespace: Namespace, format: string | undefined): object | null {
  const exports = namespace['default'];
  if ((typeof exports !== 'object' && typeof exports !== 'function') || exports === null) return null;
  if (format === 'commonjs' || format === 'builtin') return exports;
  const others = Object.keys(namespace).filter((key) => key !== 'default' && key !== 'module.exports');
  return others.length > 0 && others.every((key) => Reflect.get(exports, key) === namespace[key]) ? exports : null;
}

/** A namespace took its values before the patch: give it the patched ones. */
function carryOver(namespace: Namespace, exports: unknown): void {
  for (const key of Object.keys(namespace)) {
    if (key === 'default' || key === 'module.exports') {
      if (namespace[key] !== exports) namespace[key] = exports;
    } else if (((typeof exports === 'object' && exports !== null) || typeof exports === 'function') && key in exports) {
      const value: unknown = Reflect.get(exports, key);
      if (value !== namespace[key]) namespace[key] = value;
    }
  }
}

function apply(registration: Registration, exports: unknown, file: string): unknown {
  if ((typeof exports !== 'object' && typeof exports !== 'function') || exports === null) return exports;
  if (registration.done.has(exports)) return registration.done.get(exports);
  registration.done.set(exports, exports);
  try {
    const copy = isBuiltin(registration.name) ? { version: process.versions.node, folder: '' } : copyOf(file);
    if (copy === null) throw new Error('its package.json was not found');
    if (registration.versions !== undefined && !inRange(copy.version, registration.versions)) {
      reportOnce(`${registration.name} ${copy.version} is not observed (known: ${registration.versions})`);
      noteNotCaptured(`${registration.name} ${copy.version} (known: ${registration.versions})`);
      return exports;
    }
    const result = registration.patch(exports, copy) ?? exports;
    registration.done.set(exports, result);
    if ((typeof result === 'object' || typeof result === 'function') && result !== null) registration.done.set(result, result);
    return result;
  } catch (error) {
    giveUp(registration, error);
    return exports;
  }
}

function giveUp(registration: Registration, error: unknown): void {
  reportOnce(`${registration.name} could not be instrumented and runs unobserved: ${message(error)}`);
  noteNotCaptured(`${registration.name}: ${message(error)}`);
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
