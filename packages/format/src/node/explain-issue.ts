import type { core } from 'zod';

export interface Problem {
  readonly path: readonly PropertyKey[];
  /** `expected string, received number`. */
  readonly problem: string;
}

/** Where in the value something is wrong, and what, in one line. */
export function explainIssue(issues: readonly core.$ZodIssue[], value: unknown): Problem {
  const issue = deepest(issues);
  const problem = issue.message.replace(/^Invalid (input|discriminator value)[:.] /, '').replace(/^Expected/, 'expected');
  if (problem.includes('received')) return { path: issue.path, problem };
  return { path: issue.path, problem: `${problem}, received ${describe(valueAt(value, issue.path))}` };
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined), value);
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (value === undefined || value === null) return String(value);
  if (typeof value !== 'object') return `${typeof value} ${JSON.stringify(value) ?? ''}`.trim();
  return Array.isArray(value) ? 'an array' : `an object with ${Object.keys(value).slice(0, 4).join(', ') || 'no fields'}`;
}

/** Of a union's branches, the one that got furthest is the one that was meant. */
function deepest(issues: readonly core.$ZodIssue[]): core.$ZodIssue {
  const found = issues.map((issue) => {
    if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue;
    const branches = issue.errors.filter((branch) => branch.length > 0).map((branch) => deepest(branch));
    const best = branches.reduce((a, b) => (b.path.length > a.path.length ? b : a), branches[0] ?? issue);
    // Every branch failed at its first step: which was meant cannot be told, so all are named.
    if (best === issue || (best.path.length <= 1 && branches.length > 1)) return { ...issue, message: alternatives(branches) };
    return { ...best, path: [...issue.path, ...best.path] };
  });
  const [first, ...rest] = found;
  if (!first) throw new TypeError('a failed validation names no issue');
  return rest.reduce((a, b) => (b.path.length > a.path.length ? b : a), first);
}

function alternatives(branches: readonly core.$ZodIssue[]): string {
  const wanted = new Set(branches.map((branch) => (branch.path.length === 0 ? expected(branch) : `an object with ${String(branch.path[0])}`)));
  return wanted.size === 0 ? 'is none of the allowed forms' : `expected ${[...wanted].join(', or ')}`;
}

function expected(issue: core.$ZodIssue): string {
  return issue.code === 'invalid_type' ? issue.expected : issue.message;
}

/** `outcome.ok.rows[0][2]`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${String(part)}`)).join('');
}
