import type { Certificate } from '@deja/fixtures';
import type { IoEvent } from '@deja/format';
import type { Paint } from '../shared/paint.js';
import { whatText } from './event-line.js';
import { cut, oneLine } from './text.js';
import { duration, plural } from './units.js';

export interface CertificateSummary {
  readonly statements: number;
  readonly exact: number;
  readonly opaque: readonly { readonly seq: number; readonly reason: string }[];
  readonly rows: number;
  readonly lowerBound: number;
  /** Every row was found to be needed; absent where none was tried. */
  readonly minimal?: boolean;
  readonly ms: number;
}

/** The contract of `fixtures --check --json`. */
export function certificateSummary({ statements, rows, lowerBound, minimal, ms }: Certificate): CertificateSummary {
  const opaque = statements.filter(({ exact }) => !exact).map(({ seq, reason }) => ({ seq, reason: reason ?? '' }));
  return { statements: statements.length, exact: statements.length - opaque.length, opaque, rows, lowerBound, ...(minimal === undefined ? {} : { minimal }), ms };
}

/** What was proved, in one line. */
export function certificateLine(certificate: Certificate, paint: Paint): string {
  const { statements, exact, rows, lowerBound, minimal, ms } = certificateSummary(certificate);
  const engines = certificate.databases.map(({ engine, version }) => `${engine} ${version}`);
  const mark = exact === statements ? paint.green('✔') : paint.yellow('!');
  const where = engines.length > 0 ? ` on ${[...new Set(engines)].join(', ')}` : '';
  const needed = rows === 0 ? '' : minimal === true ? 'each needed' : `at least ${lowerBound} needed${minimal === false ? ', not all tried' : ''}`;
  return `${mark} ${exact} of ${plural(statements, 'statement')} exact${where}, with ${plural(rows, 'row')}${paint.dim(`${needed && ` (${needed})`}, ${duration(ms)}`)}`;
}

/** The statements that no rows satisfy, each with the reason. */
export function opaqueLines(certificate: Certificate, events: readonly IoEvent[], paint: Paint): string[] {
  return certificateSummary(certificate).opaque.map(({ seq, reason }) => {
    const event = events.find((each) => each.seq === seq);
    return `${paint.yellow('!')} ${paint.bold(`#${seq}`)} ${oneLine(reason)}${event ? `\n    ${paint.dim(cut(whatText(event), 120))}` : ''}`;
  });
}
