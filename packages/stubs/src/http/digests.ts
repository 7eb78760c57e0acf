import type { HeaderList } from '@deja/format';

/** What clients say in the head of a request about the bytes of its body. */
const DIGEST = /^(?:x-amz-checksum-(?:crc|sha|md5|xx).*|x-amz-content-sha256|content-md5|content-digest|digest|repr-digest)$/;

/** Whether a header is a digest of the body, and follows from it. `name` in lower case. */
export function isDigest(name: string): boolean {
  return DIGEST.test(name);
}

/** The digests of a request's body, by name in lower case. Of a signature that leaves the body out (`UNSIGNED-PAYLOAD`) nothing follows. */
export function digestsOf(headers: HeaderList): ReadonlyMap<string, string> {
  const digests = headers.map(([name, value]) => [name.toLowerCase(), value.trim()] as const);
  return new Map(digests.filter(([name, value]) => isDigest(name) && (name !== 'x-amz-content-sha256' || /^[\da-f]{64}$/i.test(value))));
}

/** The first digest that two requests have in common and that differs, or null: for bodies of which only the beginning can be compared. */
export function differentDigest(recorded: HeaderList, asked: HeaderList): string | null {
  const now = digestsOf(asked);
  for (const [name, value] of digestsOf(recorded)) {
    const other = now.get(name);
    if (other !== undefined && other !== value) return `the digest ${name} of the body is '${other}' instead of '${value}'`;
  }
  return null;
}
