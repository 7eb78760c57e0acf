import type { Body, ErrorPackage, IoEvent, RequestInfo } from '@deja/format';
import { blobsOf, costOf, NOTHING, plus, within, type Bounds, type Cost } from './package-cost.js';

/** Below what readers accept (`DEFAULT_CAPS` of the reader), because what is written beside the events is not weighed exactly. */
export const BOUNDS: Bounds = {
  json: 14 * 1024 ** 2, document: 7 * 1024 ** 2, unpacked: 44 * 1024 ** 2, blob: 30 * 1024 ** 2,
  blobs: 9000, events: 90_000, values: 900_000, containers: 450_000,
};

/**
 * A package that its readers refuse is a lost failure: what would make it too large is left out, the least important first, and
 * `manifest.limits` says so. Pauses after every event.
 */
export function* fit(pkg: ErrorPackage, bounds: Bounds = BOUNDS): Generator<undefined, ErrorPackage> {
  const taken = new Set<string>();
  const weigh = (value: unknown): Cost => costOf(value, pkg.blobs, taken);
  const take = (value: unknown, cost: Cost): void => {
    spent = plus(spent, cost);
    for (const hash of blobsOf(value)) taken.add(hash);
  };
  let spent = NOTHING;
  const { requests, ...context } = pkg.context;
  for (const part of [pkg.manifest, pkg.failure, pkg.databases, pkg.servers, pkg.state, context, ...requests.slice(0, 1)]) take(part, weigh(part));

  const kept = new Set<IoEvent>();
  const order = pkg.timeline.toSorted((a, b) => importance(a) - importance(b));
  let fitted: readonly RequestInfo[] | undefined;
  let cut = 0;
  const fitRequests = (): readonly RequestInfo[] => requests.map((request, index) => {
    if (index === 0) return request;
    const cost = weigh(request);
    const small = within(plus(spent, cost), bounds) ? request : withoutBodies(request);
    if (small !== request) cut += 1;
    take(small, small === request ? cost : weigh(small));
    return small;
  });
  for (const event of order) {
    if (importance(event) > 1) fitted ??= fitRequests();
    const cost = { ...weigh(event), events: 1 };
    if (cost.json <= bounds.document && cost.largestBlob <= bounds.blob && within(plus(spent, cost), bounds)) {
      kept.add(event);
      take(event, cost);
    }
    yield;
  }
  fitted ??= fitRequests();
  const left = pkg.timeline.length - kept.size;
  if (left === 0 && cut === 0) return pkg;
  const notes = [
    ...(left > 0 ? [`${left} events were left out (${whatOf(pkg.timeline.filter((event) => !kept.has(event)))}): the package would have been too large to be read`] : []),
    ...(cut > 0 ? [`bodies of ${cut} overlapping requests were left out: the package would have been too large to be read`] : []),
  ];
  return {
    ...pkg,
    ...renumbered(pkg, kept),
    manifest: { ...pkg.manifest, counts: { ...pkg.manifest.counts, events: kept.size }, limits: [...pkg.manifest.limits, ...notes] },
    context: { ...pkg.context, requests: fitted },
    blobs: new Map([...pkg.blobs].filter(([hash]) => taken.has(hash))),
  };
}

/** Without the failing request's events there is nothing to reproduce, without the start nothing to reproduce it with. */
function importance({ scope }: IoEvent): number {
  switch (scope?.in) {
    case undefined:
      return 0;
    case 'request':
      return scope.request === 0 ? 0 : 2;
    case 'boot':
      return 1;
    case 'background':
      return 3;
  }
}

function whatOf(events: readonly IoEvent[]): string {
  const names = ['of the failing request', 'of the start', 'of overlapping requests', 'of background work'];
  const counts = names.map((name, index) => ({ name, count: events.filter((event) => importance(event) === index).length }));
  return counts.filter(({ count }) => count > 0).map(({ name, count }) => `${count} ${name}`).join(', ');
}

function withoutBodies(request: RequestInfo): RequestInfo {
  const { trigger, response } = request;
  return {
    ...request,
    ...(trigger.kind !== 'start' && trigger.body ? { trigger: { ...trigger, body: emptied(trigger.body) } } : {}),
    ...(response?.body ? { response: { ...response, body: emptied(response.body) } } : {}),
  };
}

function emptied(body: Body): Body {
  const size = 'blob' in body ? body.size : Buffer.byteLength('text' in body ? body.text : body.base64, 'text' in body ? 'utf8' : 'base64');
  return { text: '', truncated: size + (body.truncated ?? 0) };
}

/** Readers expect numbers without gaps. */
function renumbered({ timeline, failure }: ErrorPackage, kept: ReadonlySet<IoEvent>): Pick<ErrorPackage, 'timeline' | 'failure'> {
  const left = timeline.filter((event) => kept.has(event));
  const ended = left.filter((event) => event.done !== undefined).toSorted((a, b) => (a.done ?? 0) - (b.done ?? 0));
  const ranks = new Map(ended.map((event, index) => [event, index + 1]));
  return {
    timeline: left.map((event, index) => {
      const done = ranks.get(event);
      return { ...event, seq: index + 1, ...(done === undefined ? {} : { done }) };
    }),
    failure: failure && { ...failure, afterSeq: left.filter(({ seq }) => seq <= failure.afterSeq).length },
  };
}
