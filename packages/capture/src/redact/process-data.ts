import type { Redactor } from './redactor.js';
import { normalised, soundsSecret } from './policy.js';

/** The shell's working folders: `PWD` is no password, and redacting it would redact every path of the package. */
const SHELL_FOLDERS = new Set(['PWD', 'OLDPWD']);

export function redactEnv(env: Readonly<Record<string, string>>, redactor: Redactor): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, SHELL_FOLDERS.has(name) ? redactor.text(value) : redactor.value(name, value)]));
}

/** `--password=x`, `--password x`, and whatever looks like a secret. */
export function redactArguments(argv: readonly string[], redactor: Redactor): readonly string[] {
  return argv.map((argument, index) => {
    const flag = /^(--?[\w.-]+)=(.*)$/s.exec(argument);
    if (flag?.[1]) return `${flag[1]}=${redactor.value(flag[1], flag[2] ?? '')}`;
    const before = argv[index - 1] ?? '';
    if (!argument.startsWith('-') && before.startsWith('-') && !before.includes('=') && soundsSecret(normalised(before))) return redactor.value(before, argument);
    return redactor.text(argument);
  });
}
