import type { Body, IoEvent } from '@deja/format';
import type { StubSource } from '../build/endpoints.js';
import type { GeneratedValue } from '../plan.js';
import { isIdentifier, wordsOf } from './shape.js';

/**
 * Values that the application made itself while it worked for a request: what looks like an identifier, was sent, and is nowhere in what had been observed before (the requests, the environment,
 * the start, the background, answers so far).
 */
export function generatedValues(source: StubSource): readonly GeneratedValue[] {
  const known = new Set(idsIn([source.context, source.databases, source.servers], source.blobs));
  for (const event of source.timeline) if (!isOfRequest(event)) for (const id of idsIn(event, source.blobs)) known.add(id);
  const generated = new Map<string, number>();
  for (const event of source.timeline.filter(isOfRequest).toSorted((a, b) => a.seq - b.seq)) {
    const { outcome, ...asked } = event;
    if (event.kind !== 'random') for (const id of idsIn(asked, source.blobs)) if (!known.has(id) && !generated.has(id)) generated.set(id, event.seq);
    // What was drawn from a source of randomness that is replayed was generated all the same.
    if (event.kind !== 'random') for (const id of idsIn(outcome, source.blobs)) known.add(id);
  }
  return [...generated].map(([value, seq]) => ({ value, seq }));
}

/** The identifiers in a value, whatever it is; those in bodies too. */
export function idsIn(value: unknown, blobs: StubSource['blobs']): Iterable<string> {
  const found = new Set<string>();
  const add = (text: string): void => {
    for (const word of wordsOf(text)) if (isIdentifier(word)) found.add(word);
  };
  const visit = (part: unknown): void => {
    if (typeof part === 'string') add(part);
    else if (Array.isArray(part)) part.forEach(visit);
    else if (typeof part === 'object' && part !== null) {
      if (isBytes(part)) add(textOf(part, blobs));
      else for (const [name, inner] of Object.entries(part)) {
        add(name);
        visit(inner);
      }
    }
  };
  visit(value);
  return found;
}

function isBytes(part: object): part is Extract<Body, { base64: string } | { blob: string }> {
  return ('base64' in part && typeof part.base64 === 'string') || ('blob' in part && typeof part.blob === 'string');
}

function textOf(body: Extract<Body, { base64: string } | { blob: string }>, blobs: StubSource['blobs']): string {
  return 'base64' in body ? Buffer.from(body.base64, 'base64').toString('latin1') : Buffer.from(blobs.get(body.blob) ?? []).toString('latin1');
}

function isOfRequest({ scope }: IoEvent): boolean {
  return scope === undefined || scope.in === 'request';
}
