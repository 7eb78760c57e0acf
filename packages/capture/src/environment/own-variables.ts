/** Whether an environment variable is Deja's, and none of the application's. The limits go with it: what is kept of the replay is compared with what was kept then. */
export function isOwnVariable(name: string): boolean {
  return name.startsWith('DEJA_') && name !== 'DEJA_LIMITS';
}

/** Options of Node that take their value as the next argument. */
const PRELOAD = /^(?:--import|--require|-r|--loader|--experimental-loader)$/;
const PRELOAD_WITH_VALUE = /^(?:--import|--require|--loader|--experimental-loader)=(.*)$/s;
const OWN_MODULE = /@deja[/\\]capture|[/\\]capture[/\\](?:dist|src)(?:[/\\]bundle)?[/\\]register\.[cm]?[jt]s/;

/** Options of Node (`process.execArgv`, or `NODE_OPTIONS` split) without the preload of Deja. `own`: further URLs or paths of it. */
export function withoutOwnOptions(options: readonly string[], own: readonly string[] = []): readonly string[] {
  const isOwn = (module: string | undefined): boolean => module !== undefined && (OWN_MODULE.test(module) || own.includes(module));
  const kept: string[] = [];
  for (let index = 0; index < options.length; index++) {
    const option = options[index] ?? '';
    if (PRELOAD.test(option) && isOwn(options[index + 1])) index += 1;
    else if (!isOwn(PRELOAD_WITH_VALUE.exec(option)?.[1])) kept.push(option);
  }
  return kept;
}

/** The parts of `NODE_OPTIONS`: separated by blanks, double quotes and backslashes as Node reads them. */
export function splitNodeOptions(text: string): readonly string[] {
  const parts: string[] = [];
  for (const match of text.matchAll(/(?:"(?:\\.|[^"\\])*"|[^\s"])+/g)) parts.push(match[0].replaceAll(/"((?:\\.|[^"\\])*)"/g, (_, inner: string) => inner.replaceAll(/\\(.)/g, '$1')));
  return parts;
}

export function joinNodeOptions(parts: readonly string[]): string {
  return parts.map((part) => (/[\s"]/.test(part) ? `"${part.replaceAll(/["\\]/g, String.raw`\$&`)}"` : part)).join(' ');
}
