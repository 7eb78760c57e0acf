import type { core } from 'zod';

/** One line: where in the value, and what is wrong there. `outcome.ok.rows[0][2]: expected string, received number`. */
export function explainIssue(issues: readonly core.$ZodIssue[]): { readonly path: readonly PropertyKey[]; readonly problem: string } {
  const issue = deepest(issues);
  const problem = issue.message.replace(/^Invalid input: /, '');
  return { path: issue.path, problem };
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
