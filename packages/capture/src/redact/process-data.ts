import type { Redactor } from './redactor.js';
import { looksLikeJson } from './json-text.js';
import { normalised, soundsSecret } from './policy.js';

/** The shell's working folders: `PWD` is no password, and redacting it would redact every path of the package. */
const SHELL_FOLDERS = new Set(['PWD', 'OLDPWD']);

/** Customary endings of names in an environment, where elsewhere `sort_key` and `walking_pass` are no secrets. */
const SECRET_ENDING = /(?:^|_)(?:PASS|KEY|PAT|SALT)$/i;
/** A switch, a word, a number, or where a file is. */
const HARMLESS_VALUE = /^(?:.{0,7}|[a-z_-]+|\d+|(?:~|\.{0,2})\/.*)$/;

export function redactEnv(env: Readonly<Record<string, string>>, redactor: Redactor): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, redactVariable(name, value, redactor)]));
}

function redactVariable(name: string, value: string, redactor: Redactor): string {
  if (SHELL_FOLDERS.has(name)) return redactor.text(value);
  if (SECRET_ENDING.test(name) && !HARMLESS_VALUE.test(value)) return redactor.value('secret', value);
  return looksLikeJson(value) ? redactor.json(value) : redactor.value(name, value);
}

/** `--password=x`, `--password x`, and whatever looks like a secret. */
export function redactArguments(argv: readonly string[], redactor: Redactor): readonly string[] {
  return redactedArguments(argv, (name, value) => redactor.value(name, value), (text) => redactor.text(text));
}

/** `named`: a value whose name is known; `text`: any other. */
export function redactedArguments(argv: readonly string[], named: (name: string, value: string) => string, text: (text: string) => string): readonly string[] {
  return argv.map((argument, index) => {
    const flag = /^(--?[\w.-]+)=(.*)$/s.exec(argument);
    if (flag?.[1]) return `${flag[1]}=${named(flag[1], flag[2] ?? '')}`;
    const before = argv[index - 1] ?? '';
    if (!argument.startsWith('-') && before.startsWith('-') && !before.includes('=') && soundsSecret(normalised(before))) return named(before, argument);
    return text(argument);
  });
}
