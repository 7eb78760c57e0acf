import { basename } from 'node:path';
import type { Cell, IoEvent } from '../event.js';
import type { DatabaseInfo, Engine, Timeline } from '../timeline.js';
import { BoundedJson } from './bounded-json.js';
import { DEFAULT_CAPS, type Caps } from './caps.js';
import { checkTimeline } from './check-timeline.js';
import { pathText } from './explain-issue.js';
import { loadBytes } from './load-bytes.js';
import { refuse } from './package-error.js';
import { firstProblem } from './validate.js';

export interface TimelineOptions {
  /** Of databases that the timeline does not list. Absent: such a database is an error. */
  readonly engine?: Engine;
  readonly caps?: Partial<Caps>;
}

/**
 * Reads a stand-alone timeline: a path, the JSON's bytes, or the parsed value. Parameters may be JSON numbers and booleans;
 * they come out in the engine's text form. Throws `DejaError` DEJA_PACKAGE_* naming the event and the field.
 */
export async function readTimeline(source: string | Uint8Array | object, options: TimelineOptions = {}): Promise<Timeline> {
  // It is one document: what bounds a package as a whole bounds it.
  const caps: Caps = { ...DEFAULT_CAPS, jsonBytes: DEFAULT_CAPS.totalBytes, documentBytes: DEFAULT_CAPS.totalBytes, ...options.caps };
  const name = typeof source === 'string' ? basename(source) : 'the timeline';
  const value = await load(source, name, caps);
  const version = typeof value === 'object' && value !== null && 'deja' in value ? String(value.deja) : null;
  if (version === null || !/^timeline\/\d{1,6}$/.test(version)) throw refuse('FOREIGN', name, 'is not a timeline (its "deja" field is not "timeline/1")');
  if (version !== 'timeline/1') throw refuse('VERSION', name, `has format ${version}; this Deja reads timeline/1`);

  const prepared = withTextParams(value, options.engine);
  const { timeline } = await import('./schema/index.js');
  const wrong = firstProblem(timeline, prepared);
  if (wrong) throw refuse('INVALID', name, `${placeOf(wrong.path, prepared)}${wrong.problem}`);
  const result = prepared as Timeline;
  const events = result.events.toSorted((a, b) => a.seq - b.seq);
  const databases = [...(result.databases ?? []), ...(options.engine ? unlisted(result, options.engine) : [])];
  const unsound = checkTimeline({ databases, servers: result.servers ?? [], events, requests: Number.POSITIVE_INFINITY });
  if (unsound !== null) throw refuse('INVALID', name, unsound);
  return { ...result, databases, events };
}

async function load(source: string | Uint8Array | object, name: string, caps: Caps): Promise<unknown> {
  if (typeof source !== 'string' && !(source instanceof Uint8Array)) return source;
  const bytes = typeof source === 'string' ? await loadBytes(source, caps.jsonBytes) : Buffer.from(source);
  if (bytes.subarray(0, 2).toString('latin1') === 'PK') throw refuse('FOREIGN', name, 'is a zip file, not a timeline');
  return new BoundedJson(name, caps).parse(bytes, 'the file');
}

/** `event 4 (events[3]): outcome.ok.rows[0][2]: `, or the path outside the events. */
function placeOf(path: readonly PropertyKey[], value: unknown): string {
  const [first, index, ...rest] = path;
  if (first !== 'events' || typeof index !== 'number') return path.length === 0 ? '' : `${pathText(path)}: `;
  const seq = (value as { events: readonly { seq?: unknown }[] }).events[index]?.seq;
  const event = typeof seq === 'number' ? `event ${seq} (events[${index}]): ` : `events[${index}]: `;
  return rest.length === 0 ? event : `${event}${pathText(rest)}: `;
}

function unlisted(timeline: Timeline, engine: Engine): DatabaseInfo[] {
  const listed = new Set(timeline.databases?.map((database) => database.name));
  const used = new Set(timeline.events.flatMap((event) => (event.kind === 'sql' ? [event.database] : [])));
  return [...used].filter((name) => !listed.has(name)).map((name) => ({ name, engine }));
}

/** Producers write `"params": [47]`: the one place where a JSON number has only one meaning. */
function withTextParams(value: unknown, fallback: Engine | undefined): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { events, databases } = value as { readonly events?: unknown; readonly databases?: unknown };
  if (!Array.isArray(events)) return value;
  const engines = new Map<unknown, unknown>(Array.isArray(databases) ? databases.map((info: Partial<DatabaseInfo> | null) => [info?.name, info?.engine]) : []);
  return {
    ...value,
    events: events.map((event: Partial<Extract<IoEvent, { kind: 'sql' }>> | null): unknown => {
      if (event?.kind !== 'sql' || !Array.isArray(event.params)) return event;
      const engine = engines.get(event.database) ?? fallback;
      return { ...event, params: event.params.map((param: unknown) => textParam(param, engine)) };
    }),
  };
}

function textParam(param: unknown, engine: unknown): unknown {
  if (typeof param === 'boolean') return hasNumbers(engine) ? ({ storage: 'integer', text: param ? '1' : '0' } satisfies Cell) : String(param);
  if (typeof param !== 'number') return param;
  return hasNumbers(engine) ? ({ storage: Number.isInteger(param) ? 'integer' : 'real', text: String(param) } satisfies Cell) : String(param);
}

/** SQLite compares by storage class: the text '47' would not find the number 47. MySQL computes with a text otherwise than with a number. */
function hasNumbers(engine: unknown): boolean {
  return engine === 'sqlite' || engine === 'mysql' || engine === 'mariadb';
}
