/** A place at which one value is not the other. */
export interface ValueDifference {
  /** `http payments.example:443, event 12, outcome.ok.status`. */
  readonly at: string;
  /** Undefined: there is none. */
  readonly before: unknown;
  readonly after: unknown;
  /** What the nearest object around it says of the reason (`why`). */
  readonly why?: string;
}

interface Place {
  readonly at: string;
  readonly why?: string;
}

/** Where two JSON values differ, leaf by leaf. Items of lists that have a number or an address of their own are found by these, others by their place. `why` is no difference itself. */
export function differences(before: unknown, after: unknown, place: Place = { at: '' }): readonly ValueDifference[] {
  if (Object.is(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) return inLists(before, after, place);
  if (!isObject(before) || !isObject(after)) return [{ ...place, before, after }];
  const here = typeof after['why'] === 'string' ? { ...place, why: after['why'] } : place;
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  names.delete('why');
  return [...names].flatMap((name) => differences(before[name], after[name], { ...here, at: inside(place.at, name) }));
}

function inLists(before: readonly unknown[], after: readonly unknown[], place: Place): readonly ValueDifference[] {
  const [old, now] = [labelled(before), labelled(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((label) => {
    const item = now.get(label);
    const at = label.startsWith('[') ? `${place.at}${label}` : `${place.at}${place.at === '' ? '' : place.at.includes(' ') ? ', ' : ' '}${label}`;
    const why = isObject(item) && typeof item['why'] === 'string' ? item['why'] : place.why;
    return differences(old.get(label), item, { at, ...(why !== undefined && { why }) });
  });
}

/** Items by what they are called; the second of the same name is `… (2)`. */
function labelled(items: readonly unknown[]): ReadonlyMap<string, unknown> {
  const all = new Map<string, unknown>();
  for (const [index, item] of items.entries()) {
    const label = labelOf(item) ?? `[${index}]`;
    let name = label;
    for (let count = 2; all.has(name); count++) name = `${label} (${count})`;
    all.set(name, item);
  }
  return all;
}

function labelOf(item: unknown): string | undefined {
  if (!isObject(item)) return undefined;
  if (typeof item['seq'] === 'number') return `event ${item['seq']}`;
  const name = item['database'] ?? item['name'];
  if (typeof name === 'string') return name;
  return typeof item['host'] === 'string' ? `${item['host']}:${String(item['port'])}` : undefined;
}

function inside(at: string, name: string): string {
  // The list of exchanges is no place that anybody looks for: they have numbers.
  if (name === 'exchanges' || name === 'statements') return at;
  if (at === '') return name;
  return /(?:^|, )event \d+(?: \(\d+\))?$|:\d+$/.test(at) ? `${at}, ${name}` : `${at}.${name}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
