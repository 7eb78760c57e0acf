import { PSEUDONYM } from '@deja/format';

/** OpenSSL says in which thread an error was. */
const THREAD = /\b[0-9A-F]{12,16}(?=:error:)/g;
/** The driver of MongoDB tells how long it took by its own clock. */
const TOOK = /(?<=timed out after )\d+(?=ms \(connectTimeoutMS: )/g;

/** Whether two texts of errors are the same but for what is another in every process, and for secrets that the recording left out. */
export function sameMessage(recorded: string | undefined, replayed: string | undefined): boolean {
  if (recorded === replayed || recorded === undefined || replayed === undefined) return recorded === replayed;
  return consistsOf(constant(replayed), constant(recorded).split(PSEUDONYM));
}

function constant(text: string): string {
  return text.replaceAll(THREAD, '').replaceAll(TOOK, '');
}

/** Whether these parts are found in the text in their order, from its beginning to its end, with anything between them. */
function consistsOf(text: string, [first = '', ...rest]: readonly string[]): boolean {
  if (rest.length === 0) return text === first;
  if (!text.startsWith(first)) return false;
  const last = rest.pop() ?? '';
  let at = first.length;
  for (const part of rest) {
    at = text.indexOf(part, at);
    if (at < 0) return false;
    at += part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
