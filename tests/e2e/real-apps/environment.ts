import { delimiter, dirname } from 'node:path';

/** What a user's shell would give: this Node first on PATH, and nothing of the test runner's. */
export function userEnvironment(node: string, more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string | undefined>> {
  const { PATH, HOME, LANG, TERM, DEJA_USER_PATH } = process.env;
  return { HOME, LANG, TERM, PATH: [dirname(node), DEJA_USER_PATH ?? PATH].join(delimiter), ...more };
}
