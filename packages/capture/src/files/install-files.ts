import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { guarded } from '../core/guard.js';
import { method, type Method, override, together } from '../http/patch.js';
import { type Tell, tellList, tellLook, tellRead, tellWrite } from './facts.js';
import type { AskedFile, LiveFile } from './file-event.js';
import type { ObservedFiles } from './observed-files.js';
import { followStreams } from './streams.js';

interface Function {
  readonly operation: AskedFile['operation'];
  readonly tell: Tell;
  readonly append?: boolean;
}

const FUNCTIONS: Readonly<Record<string, Function>> = {
  readFile: { operation: 'read', tell: tellRead },
  stat: { operation: 'look', tell: tellLook },
  lstat: { operation: 'look', tell: tellLook },
  access: { operation: 'look', tell: tellLook },
  readdir: { operation: 'list', tell: tellList },
  writeFile: { operation: 'write', tell: tellWrite },
  appendFile: { operation: 'write', tell: tellWrite, append: true },
};

/** Functions of `fs` that go by a path, in their three forms, and its streams. What goes by the number of an open file is not followed. */
export function installFiles(files: ObservedFiles): Disposable {
  const parts: Disposable[] = [];
  for (const [name, what] of Object.entries(FUNCTIONS)) {
    parts.push(
      wrapped(fs, `${name}Sync`, (original, begin) => function observed(this: unknown, ...args) {
        const file = begin(what, args);
        if (!file) return original.apply(this, args);
        return sync(file, what, args, () => original.apply(this, args));
      }, files),
      wrapped(fs, name, (original, begin) => function observed(this: unknown, ...args) {
        const callback = args.at(-1);
        const file = typeof callback === 'function' ? begin(what, args) : null;
        if (!file) return original.apply(this, args);
        return original.apply(this, [...args.slice(0, -1), function told(this: unknown, ...results: unknown[]) {
          tell(file, what, args, results[0], results[1]);
          return (callback as Method).apply(this, results);
        }]);
      }, files),
      wrapped(fs.promises, name, (original, begin) => function observed(this: unknown, ...args) {
        const file = begin(what, args);
        const promise = original.apply(this, args) as Promise<unknown>;
        if (!file) return promise;
        // The application gets what comes of it, so that a rejection that nobody handles stays one.
        return promise.then(
          (result) => {
            tell(file, what, args, null, result);
            return result;
          },
          (error: unknown) => {
            tell(file, what, args, error, undefined);
            throw error;
          },
        );
      }, files),
    );
  }
  const looked: Function = { operation: 'look', tell: tellLook };
  parts.push(wrapped(fs, 'existsSync', (original, begin) => function observed(this: unknown, ...args) {
    const file = begin(looked, args);
    return file ? sync(file, looked, args, () => original.apply(this, args)) : original.apply(this, args);
  }, files), ...followStreams(files));
  syncBuiltinESMExports();
  return together([{ [Symbol.dispose]: () => syncBuiltinESMExports() }, ...parts]);
}

/** Some functions of `fs` call others. */
let depth = 0;

type Begin = (what: Function, args: readonly unknown[]) => LiveFile | null;

function wrapped(target: object, name: string, make: (original: Method, begin: Begin) => Method, files: ObservedFiles): Disposable {
  const real = method(target, name);
  const original: Method = function original(this: unknown, ...args) {
    depth += 1;
    try {
      return real.apply(this, args);
    } finally {
      depth -= 1;
    }
  };
  const begin = guarded(`fs.${name}`, (what: Function, args: readonly unknown[]) => {
    const file = depth > 0 ? null : files.begin(what.operation, args[0], what.append === true || flagOf(args[2]).startsWith('a'));
    if (file && what.operation === 'write') file.content(args[1], encodingOf(args[2]));
    return file;
  }, null);
  const replacement = make(original, begin);
  Object.defineProperties(replacement, { name: { value: name }, length: { value: real.length } });
  return override(target as Record<string, unknown>, name, replacement);
}

function sync(file: LiveFile, what: Function, args: readonly unknown[], call: () => unknown): unknown {
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    tell(file, what, args, error, undefined);
    throw error;
  }
  // Told not to throw, `stat` returns nothing where nothing is.
  tell(file, what, args, null, what.operation === 'look' && result === undefined && isPlainLook(args) ? false : result);
  return result;
}

/** `statSync(path, { throwIfNoEntry: false })`. */
function isPlainLook([, options]: readonly unknown[]): boolean {
  return typeof options === 'object' && options !== null && 'throwIfNoEntry' in options && options.throwIfNoEntry === false;
}

const tell = guarded('what files hold', (file: LiveFile, what: Function, args: readonly unknown[], error: unknown, result: unknown) => {
  if (error) file.failed(error);
  else what.tell(file, result, encodingOf(args[1]));
}, undefined);

function flagOf(options: unknown): string {
  return typeof options === 'object' && options !== null && 'flag' in options && typeof options.flag === 'string' ? options.flag : '';
}

function encodingOf(options: unknown): unknown {
  return typeof options === 'object' && options !== null && 'encoding' in options ? options.encoding : options;
}
