import { types } from 'node:util';
import type { FrameScope, Preview } from '@deja/format';
import { preview, type PreviewLimits } from '../errors/preview.js';
import type { FrameScopes } from './locals-of.js';

/** A paused frame without its values; those travel beside it, one object for each scope, in order. */
export interface PausedFrame extends Omit<FrameScopes, 'scopes'> {
  readonly scopes: readonly FrameScope['type'][];
}

const NEAR: PreviewLimits = { depth: 4, fields: 25, items: 25, characters: 512, values: 300 };
/** What encloses a function is mostly configuration and clients: a look at it is enough. */
const FAR: PreviewLimits = { depth: 2, fields: 12, items: 8, characters: 256, values: 60 };
const MAX_VARIABLES = 50;
/** Of every CommonJS module. */
const WRAPPER = new Set(['exports', 'require', 'module', '__filename', '__dirname']);

/** Turns the scopes of paused frames into previews, until `deadline` (of `now`). */
export function collected(frames: readonly PausedFrame[], values: readonly unknown[], now: () => number, deadline: number): FrameScopes[] {
  let next = 0;
  const result: FrameScopes[] = [];
  for (const { scopes, ...frame } of frames) {
    const shown: FrameScope[] = [];
    for (const type of scopes) {
      const variables = variablesOf(values[next++], type, now, deadline);
      if (Object.keys(variables).length > 0) shown.push({ type, variables });
    }
    result.push({ ...frame, scopes: shown });
  }
  return result;
}

function variablesOf(scope: unknown, type: FrameScope['type'], now: () => number, deadline: number): Readonly<Record<string, Preview>> {
  const variables: Record<string, Preview> = {};
  if (typeof scope !== 'object' || scope === null) return variables;
  const far = type === 'closure' || type === 'module';
  let count = 0;
  for (const name of Object.getOwnPropertyNames(scope)) {
    const read = valueOf(scope, name);
    if (read === undefined) {
      variables[name] = { $cut: 'not initialised yet' };
      continue;
    }
    const { value } = read;
    // Functions and modules around a function are code, not state.
    if (far && (typeof value === 'function' || WRAPPER.has(name) || isNamespace(value))) continue;
    if (count++ >= MAX_VARIABLES || now() > deadline) {
      variables['$cut'] = 'more variables';
      break;
    }
    variables[name] = preview(value, far ? FAR : NEAR);
  }
  return variables;
}

/** Scopes are no ordinary objects: a `let` or `const` that the program has not reached yet throws even when only asked about. */
function valueOf(scope: object, name: string): { readonly value?: unknown } | undefined {
  try {
    return Object.getOwnPropertyDescriptor(scope, name);
  } catch {
    return undefined;
  }
}

function isNamespace(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !types.isProxy(value) && Object.getOwnPropertyDescriptor(value, Symbol.toStringTag)?.value === 'Module';
}
