/** Subjects to which replies go are made up by the client, for every request anew. */
const INBOX = /_INBOX\.[A-Za-z0-9]{22}(?:\.[A-Za-z0-9]+)?/g;
/** What the clients of NATS draw where a name is needed. */
const NUID = /(?<![A-Za-z0-9])[A-Za-z0-9]{22}(?![A-Za-z0-9])/g;

/** A text of a message without what its client draws anew each time. `destination`: of the message. */
export function unified(text: string, destination: string): string {
  const known = text.replaceAll(INBOX, '_INBOX');
  return destination.startsWith('$JS.API.') ? known.replaceAll(NUID, '_NUID') : known;
}
