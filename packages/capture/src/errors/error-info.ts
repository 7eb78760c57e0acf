import { types } from 'node:util';
import type { ErrorInfo, Preview } from '@deja/format';
import { localsOf } from '../locals/locals-of.js';
import { withLocals } from './with-locals.js';
import { DEFAULT_PREVIEW, preview } from './preview.js';
import { readStack } from './read-stack.js';
import { framesOf } from './stack-frames.js';

const MAX_CAUSES = 8;
const MAX_MEMBERS = 10;
const MAX_TEXT = 64 * 1024;
/** Said elsewhere in the description. */
const STANDARD_FIELDS: ReadonlySet<string> = new Set(['name', 'message', 'stack', 'cause', 'errors', 'code']);

export interface ErrorInfoOptions {
  /** Folder of the application: its files are named relative to it. */
  readonly root?: string;
}

/** Describes whatever was thrown: the chain of causes, members of an AggregateError, own fields, frames with their locals. Never throws. */
export function errorInfo(thrown: unknown, options: ErrorInfoOptions = {}): ErrorInfo {
  try {
    return describe(thrown, options.root, [], MAX_CAUSES);
  } catch {
    return { name: 'Error', message: 'the thrown value could not be read', frames: [], nonError: true };
  }
}

/** Whether a thrown value is an error, also one of another realm. */
export function isError(value: unknown): value is Error {
  return typeof value === 'object' && value !== null && !types.isProxy(value) && (types.isNativeError(value) || value instanceof Error);
}

function describe(thrown: unknown, root: string | undefined, seen: readonly object[], depth: number): ErrorInfo {
  if (!isError(thrown)) return describeNonError(thrown);
  const stack = readStack(thrown);
  const code = read(thrown, 'code');
  const cause = read(thrown, 'cause');
  const members = read(thrown, 'errors');
  const fields = fieldsOf(thrown);
  const path = [...seen, thrown];
  const hasCause = cause !== undefined && cause !== null && typeof cause !== 'function' && depth > 0 && !path.includes(cause);
  const hasMembers = Array.isArray(members) && members.length > 0 && depth > 0 && members.every((member) => isError(member));
  const frames = stack === undefined ? [] : framesOf(withoutHeader(stack, thrown), root);
  return {
    name: textOf(read(thrown, 'name')) || 'Error',
    message: cut(textOf(read(thrown, 'message')) ?? ''),
    ...(typeof code === 'string' || typeof code === 'number' ? { code: String(code) } : {}),
    ...(stack === undefined ? {} : { stack: cut(stack) }),
    frames: withLocals(frames, localsOf(thrown), root),
    ...(hasCause ? { cause: describe(cause, root, path, depth - 1) } : {}),
    ...(hasMembers ? { errors: members.slice(0, MAX_MEMBERS).filter((member) => !path.includes(member)).map((member) => describe(member, root, path, depth - 1)) } : {}),
    ...(fields === undefined ? {} : { fields }),
  };
}

function describeNonError(thrown: unknown): ErrorInfo {
  const picture = preview(thrown);
  const name = typeof thrown === 'object' && thrown !== null ? 'Object' : typeof thrown;
  return { name, message: cut(typeof picture === 'string' ? picture : JSON.stringify(picture)), frames: [], nonError: true };
}

/** Own enumerable fields beside the standard ones. */
function fieldsOf(error: Error): Readonly<Record<string, Preview>> | undefined {
  const fields: Record<string, Preview> = {};
  for (const key of Object.keys(error).slice(0, DEFAULT_PREVIEW.fields)) {
    if (STANDARD_FIELDS.has(key)) continue;
    const descriptor = Object.getOwnPropertyDescriptor(error, key);
    if (descriptor === undefined) continue;
    const value = 'value' in descriptor ? preview(descriptor.value) : { $getter: true };
    Object.defineProperty(fields, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return Object.keys(fields).length === 0 ? undefined : fields;
}

/** The message may itself hold lines that look like frames. */
function withoutHeader(stack: string, error: Error): string {
  const message = textOf(read(error, 'message'));
  if (!message) return stack;
  const at = stack.indexOf(message);
  return at === -1 ? stack : stack.slice(at + message.length);
}

function read(error: object, key: string): unknown {
  try {
    return Reflect.get(error, key);
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}… (${text.length - MAX_TEXT} more characters)`;
}
