import { type ExtendedJson, readExtendedJson } from '@deja/format';
import { deserialize, EJSON, serialize } from 'bson';

export type Fields = Readonly<Record<string, unknown>>;

/** Every type stays as it was sent. */
const KEPT = { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true };

/** A document's bytes as the fields of its canonical Extended JSON. Throws where they are no BSON. */
export function fieldsOf(bytes: Uint8Array): Fields {
  return EJSON.serialize(deserialize(bytes, KEPT), { relaxed: false });
}

/** The fields of a recorded document; none where its text is no Extended JSON. */
export function recordedFields(text: ExtendedJson): Fields {
  return readExtendedJson(text) ?? {};
}

/** Extended JSON as the bytes of a document. Throws where a type has a value that it cannot have. */
export function bytesOf(text: ExtendedJson): Uint8Array {
  return serialize(EJSON.parse(text, { relaxed: false }), { ignoreUndefined: false });
}
