import type { Inspect, KeptPart } from '@deja/reproduce';
import type { Paint } from '../shared/paint.js';
import { shellWord } from '../shared/program-name.js';
import { oneLine } from './text.js';

/** What stands in the terminal while the sandbox does. */
export function keptParts(parts: readonly KeptPart[], paint: Paint): string {
  const lines = parts.map((part) => `  ➜ ${oneLine(part.kind === 'application' ? `the application, ${part.name}` : `${part.kind} ${part.name}`)}  ${paint.cyan(oneLine(command(part)))}`);
  return ['', 'the sandbox is kept; Ctrl-C ends it', ...lines].join('\n');
}

/** How the application is reached by a debugger. */
export function waiting({ address, port }: Parameters<Inspect['onWaiting']>[0], paint: Paint): string {
  return `  ➜ the application waits for a debugger: ${paint.cyan(`node inspect ${address}:${port}`)}, chrome://inspect, or an editor that attaches to ${address}:${port}`;
}

function command({ kind, at, login }: KeptPart): string {
  switch (kind) {
    case 'application':
      return `http://${at.address}:${at.port}`;
    case 'postgres':
      return ['psql', '-h', at.address, '-p', String(at.port), '-U', login?.user ?? '', login?.database ?? ''].map(shellWord).join(' ');
    case 'mysql':
      return ['mariadb', '-h', at.address, '-P', String(at.port), '-u', login?.user ?? '', login?.database ?? ''].map(shellWord).join(' ');
  }
}
