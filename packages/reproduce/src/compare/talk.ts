import type { Body, ErrorPackage, SocketEvent, SocketPiece, SocketTalk } from '@deja/format';
import { bodyBytes } from '@deja/format/node';

/** Of memcached's binary protocol: the number by which a client tells answers apart counts the requests before. */
function withoutNumbers(bytes: Buffer): Buffer {
  const clean = Buffer.from(bytes);
  for (let at = 0; (bytes[at] === 0x80 || bytes[at] === 0x81) && at + 24 <= bytes.length; at += 24 + bytes.readUInt32BE(at + 8)) clean.fill(0, at + 12, at + 16);
  return clean;
}

/** Dates of mails, which name the day and have no form that is compared as a time elsewhere. */
const MAIL_DATE = /(?:[A-Z][a-z]{2}, )?\d\d? [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:GMT|[+-]\d{4})/g;
const TIMES = /(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)?|(?<![\d.])(?:\d{13}|\d{10})(?![\d.]))/;

/** As the stubs see it: how long something took, told to a server of metrics. */
const MEASURED = /:-?[\d.]+(?=\|(?:ms|h|d)\b)/g;

/** What of a connection is known to have been said; undefined where it only was, or was not, made. */
export function talkOf({ outcome }: Pick<SocketEvent, 'outcome'>): Partial<SocketTalk> | undefined {
  const talk = 'ok' in outcome ? outcome.ok : 'error' in outcome ? outcome.partial : outcome.pending.partial;
  return talk?.pieces === undefined ? undefined : talk;
}

/** What one side said, with every time in it as a value of its own. */
export function saidBy(from: 'client' | 'server', event: SocketEvent, blobs: ErrorPackage['blobs']): readonly string[] {
  const text = rawText(from, event, blobs);
  return timesApart(event.transport === 'udp' ? text.replaceAll(MEASURED, ':0') : text);
}

function rawText(from: 'client' | 'server', event: SocketEvent, blobs: ErrorPackage['blobs']): string {
  return textOf((talkOf(event)?.pieces ?? []).flatMap((piece): readonly Body[] => (piece.from === from && piece.body ? [piece.body] : [])), blobs);
}

function textOf(bodies: readonly Body[], blobs: ErrorPackage['blobs']): string {
  return withoutNumbers(Buffer.concat(bodies.map((body) => bodyBytes(blobs, body)))).toString('latin1');
}

/** A text with every time in it as a value of its own; what is no text stays. */
export function timesApart(text: string): readonly string[];
export function timesApart(text: unknown): unknown;
export function timesApart(text: unknown): unknown {
  if (typeof text !== 'string') return text;
  return text.replaceAll(MAIL_DATE, (date) => (Number.isNaN(Date.parse(date)) ? date : new Date(date).toISOString())).split(TIMES);
}

/**
 * A replay that begins with the failing request has to make a connection that had been made before: what it says like then is no question of this request.
 */
export function afterOpening(event: SocketEvent, recorded: ErrorPackage['blobs'], other: SocketEvent, replayed: ErrorPackage['blobs']): SocketEvent {
  const { opening } = event;
  if (!opening || other.continues) return other;
  const rest = (from: 'client' | 'server'): SocketPiece => {
    const begun = opening.flatMap((piece) => (piece.from === from && piece.body ? [textOf([piece.body], recorded)] : []));
    const text = rawText(from, other, replayed);
    return { from, ms: 0, body: { base64: Buffer.from(withoutBeginning(text, begun, rawText(from, event, recorded).length), 'latin1').toString('base64') } };
  };
  return { ...other, outcome: withPieces(other.outcome, [rest('client'), rest('server')]) };
}

/** `text` without as many of its beginnings as bring it nearest to the length that it had. */
function withoutBeginning(text: string, begun: readonly string[], length: number): string {
  let [said, best] = ['', text];
  for (const part of begun) {
    said += part;
    if (!text.startsWith(said)) break;
    const rest = text.slice(said.length);
    if (Math.abs(rest.length - length) < Math.abs(best.length - length)) best = rest;
  }
  return best;
}

/**
 * What was said over one connection in a row counts as one exchange: whether something of the background came in between is a matter of moments.
 * Where it had not ended, only what both sides have said counts.
 */
export function joinedTalks<E extends { readonly kind: string }>(events: readonly (E | SocketEvent)[]): readonly (E | SocketEvent)[] {
  const joined: (E | SocketEvent)[] = [];
  const places = new Map<string, number>();
  for (const event of events) {
    const talk = isSocket(event) ? talkOf(event) : undefined;
    if (!isSocket(event) || !talk) {
      joined.push(event);
      continue;
    }
    const key = `${event.transport ?? ''} ${event.host}:${event.port} ${event.session ?? 0}`;
    const at = places.get(key);
    const before = at === undefined ? undefined : joined[at];
    if (at === undefined || !before || !isSocket(before)) places.set(key, joined.push(event) - 1);
    else joined[at] = together(before, event);
  }
  return joined;
}

function together(first: SocketEvent, second: SocketEvent): SocketEvent {
  const pieces = [...(talkOf(first)?.pieces ?? []), ...(talkOf(second)?.pieces ?? [])];
  return { ...first, outcome: withPieces(second.outcome, pieces) };
}

function withPieces(outcome: SocketEvent['outcome'], pieces: readonly SocketPiece[]): SocketEvent['outcome'] {
  if ('ok' in outcome) return { ok: { ...outcome.ok, pieces } };
  if ('error' in outcome) return { ...outcome, partial: { ...outcome.partial, pieces } };
  return { pending: { partial: { ...outcome.pending.partial, pieces } } };
}

function isSocket(event: { readonly kind: string }): event is SocketEvent {
  return event.kind === 'socket';
}
