import { npmFolder } from '../../support/npm-folder.ts';
import { userNode } from './user-node.ts';

/** A published application in two releases, and the Node that runs it. Folders hold `node_modules`. */
export interface Installed {
  readonly failing: string;
  readonly fixed: string;
  readonly node: string;
}

/** `missing`: why it cannot be had here. */
export function install(name: string, releases: { readonly failing: string; readonly fixed: string }, overrides: Readonly<Record<string, string>> = {}): Installed | { readonly missing: string } {
  const node = userNode(20);
  if ('missing' in node) return node;
  const failing = npmFolder([`${name}@${releases.failing}`], overrides);
  if ('missing' in failing) return failing;
  const fixed = npmFolder([`${name}@${releases.fixed}`], overrides);
  if ('missing' in fixed) return fixed;
  return { failing: failing.folder, fixed: fixed.folder, node: node.node };
}
