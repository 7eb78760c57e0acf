/** Documents of MongoDB have 100 levels at most; a type takes up to three more around its value, and a command some around its documents. */
const DEEPEST = 400;

/** The fields of a document in canonical Extended JSON; null where the text is none. Depth is looked at before anything is built from it. */
export function readExtendedJson(text: string): Readonly<Record<string, unknown>> | null {
  if (depthOf(text) > DEEPEST) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}

function depthOf(text: string): number {
  let deepest = 0;
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/gs)) {
    if (token === '{' || token === '[') deepest = Math.max(deepest, ++depth);
    else if (token === '}' || token === ']') depth--;
  }
  return deepest;
}
