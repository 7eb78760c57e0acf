import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

/** Colours for one stream; plain text where colours are not wanted. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
  readonly magenta: (text: string) => string;
}

export function paint(enabled: boolean): Paint {
  const as = (format: Format) => (enabled ? (text: string) => styleText(format, text, { validateStream: false }) : (text: string) => text);
  return { bold: as('bold'), dim: as('dim'), red: as('red'), green: as('green'), yellow: as('yellow'), cyan: as('cyan'), magenta: as('magenta') };
}

/** `NO_COLOR` and `--no-color` win, then `FORCE_COLOR`, then whether somebody looks. */
export function wantsColor(stream: { readonly isTTY?: boolean }, option: boolean, env: NodeJS.ProcessEnv): boolean {
  if (!option || env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0';
  return stream.isTTY === true && env.TERM !== 'dumb';
}
