import type { ErrorPackage, SqlEvent, SqliteAnswer } from '@deja/format';

/** The statements of in-process databases that no fixture can satisfy, as answers for capture's replay mode. */
export function sqliteAnswers({ databases, timeline }: ErrorPackage, opaque: ReadonlySet<number>): readonly SqliteAnswer[] {
  const inProcess = new Set(databases.filter(({ engine }) => engine === 'sqlite').map(({ name }) => name));
  return timeline.flatMap((event) => (event.kind === 'sql' && inProcess.has(event.database) && opaque.has(event.seq) ? sqliteAnswer(event) : []));
}

/** The recorded answer of a statement; nothing for one that never ended, which an in-process engine cannot leave unanswered. */
export function sqliteAnswer({ seq, database, text, params, scope, outcome }: SqlEvent): readonly SqliteAnswer[] {
  if ('pending' in outcome) return [];
  const answer = 'ok' in outcome ? { ok: outcome.ok } : { error: outcome.error };
  return [{ seq, database, text, params: params ?? [], answer, repeat: scope !== undefined && scope.in !== 'request' }];
}
