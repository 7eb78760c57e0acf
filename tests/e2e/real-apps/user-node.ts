import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { nodeOfMajor } from '../../support/npm-folder.ts';

/** The Node on which these applications run: the user's own where it is of this major version, else one from the npm registry. */
export function userNode(major: number): { readonly node: string } | { readonly missing: string } {
  const path = process.env.DEJA_USER_PATH ?? process.env.PATH ?? '';
  for (const folder of path.split(delimiter)) {
    const node = join(folder, 'node');
    if (!existsSync(node)) continue;
    const asked = spawnSync(node, ['--version'], { encoding: 'utf8', timeout: 10_000 });
    if (asked.stdout.startsWith(`v${major}.`)) return { node };
  }
  return nodeOfMajor(major);
}
