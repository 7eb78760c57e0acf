import { PSEUDONYM, type Body, type ErrorPackage, type ProcessAnswer, type ProcessEvent } from '@deja/format';
import { bodyBytes } from '@deja/format/node';

/** Times that a command may carry: each stands for another one of the same form. */
const TIMES = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?|(?<![\d.])(?:\d{13}|\d{10})(?![\d.])/;
const FREE = new RegExp(`(${TIMES.source}|${PSEUDONYM.source})`, 'gi');
/** What was read from the clock is so near to its event. */
const READ_FROM_CLOCK_MS = 5000;

/** The programs that the application started, as answers for capture's replay mode. Null: nobody looked for them. */
export function processAnswers({ manifest, timeline, blobs, context }: ErrorPackage): readonly ProcessAnswer[] | null {
  if (!manifest.capture.sources?.includes('processes')) return null;
  return timeline.flatMap((event) => (event.kind === 'process' ? [processAnswer(event, blobs, context.epoch)] : []));
}

function processAnswer(event: ProcessEvent, blobs: ErrorPackage['blobs'], epoch: number): ProcessAnswer {
  const { seq, file, args, input, scope, outcome, at = 0, ms } = event;
  const base64 = (body: Body): string => Buffer.from(bodyBytes(blobs, body)).toString('base64');
  const result = 'ok' in outcome ? outcome.ok : 'error' in outcome ? outcome.partial : outcome.pending.partial;
  return {
    seq,
    command: [file, ...args].map((word) => patternOf(word, epoch + at)),
    ...(input ? { input: base64(input) } : {}),
    pieces: (result?.pieces ?? []).map(({ body, ...piece }) => ({ ...piece, base64: base64(body) })),
    ...('pending' in outcome ? {} : { ms: ms ?? 0 }),
    ...('ok' in outcome && outcome.ok.code !== null ? { code: outcome.ok.code } : {}),
    ...('ok' in outcome && outcome.ok.signal !== undefined ? { signal: outcome.ok.signal } : {}),
    ...('error' in outcome ? { error: outcome.error.code ?? 'ENOENT' } : {}),
    repeat: scope !== undefined && scope.in !== 'request',
  };
}

/** A regular expression for what is asked now, where that was asked then. */
function patternOf(word: string, time: number): string {
  return word.split(FREE).map((part, index) => (index % 2 === 0 ? literal(part) : freePart(part, time))).join('');
}

function freePart(text: string, time: number): string {
  if (PSEUDONYM.test(text)) return '.+?';
  const then = /^\d+$/.test(text) ? Number(text) * (text.length === 10 ? 1000 : 1) : Date.parse(text.includes('T') ? `${text}Z` : `${text.replace(' ', 'T')}Z`);
  return Math.abs(then - time) <= READ_FROM_CLOCK_MS ? literal(text).replaceAll(/\d/g, String.raw`\d`) : literal(text);
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}
