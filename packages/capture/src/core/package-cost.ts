/** What parts of a package cost whoever reads it, in the units of the readers' bounds. */
export interface Cost {
  readonly json: number;
  /** Of JSON and blobs. */
  readonly unpacked: number;
  readonly largestBlob: number;
  readonly blobs: number;
  readonly events: number;
  readonly values: number;
  readonly containers: number;
}

export interface Bounds {
  readonly json: number;
  /** Bytes of one event's JSON. */
  readonly document: number;
  readonly unpacked: number;
  /** Bytes of one blob. */
  readonly blob: number;
  readonly blobs: number;
  readonly events: number;
  readonly values: number;
  readonly containers: number;
}

export const NOTHING: Cost = { json: 0, unpacked: 0, largestBlob: 0, blobs: 0, events: 0, values: 0, containers: 0 };

export function plus(a: Cost, b: Cost): Cost {
  return {
    json: a.json + b.json, unpacked: a.unpacked + b.unpacked, largestBlob: Math.max(a.largestBlob, b.largestBlob), blobs: a.blobs + b.blobs,
    events: a.events + b.events, values: a.values + b.values, containers: a.containers + b.containers,
  };
}

export function within(cost: Cost, bounds: Bounds): boolean {
  return cost.json <= bounds.json && cost.unpacked <= bounds.unpacked && cost.blobs <= bounds.blobs
    && cost.events <= bounds.events && cost.values <= bounds.values && cost.containers <= bounds.containers;
}

/** Of a value as JSON, with the blobs that it names and that are not `taken` into account yet. */
export function costOf(value: unknown, blobs: ReadonlyMap<string, Uint8Array>, taken: ReadonlySet<string>): Cost {
  const json = Buffer.byteLength(JSON.stringify(value) ?? '') + 1;
  const sizes = [...blobsOf(value)].filter((hash) => !taken.has(hash)).map((hash) => blobs.get(hash)?.byteLength ?? 0);
  const { values, containers } = counted(value);
  return {
    json, unpacked: json + sizes.reduce((sum, size) => sum + size, 0), largestBlob: Math.max(0, ...sizes), blobs: sizes.length,
    events: 0, values: values + 1, containers,
  };
}

export function blobsOf(value: unknown, found = new Set<string>()): ReadonlySet<string> {
  if (typeof value !== 'object' || value === null) return found;
  if ('blob' in value && 'size' in value && typeof value.blob === 'string') found.add(value.blob);
  for (const item of Object.values(value)) blobsOf(item, found);
  return found;
}

/** As readers count: one for each container, and one for each comma in it. */
function counted(value: unknown): { readonly values: number; readonly containers: number } {
  if (typeof value !== 'object' || value === null) return { values: 0, containers: 0 };
  const items: readonly unknown[] = Object.values(value);
  let values = 1 + Math.max(0, items.length - 1);
  let containers = 1;
  for (const item of items) {
    const inner = counted(item);
    values += inner.values;
    containers += inner.containers;
  }
  return { values, containers };
}
