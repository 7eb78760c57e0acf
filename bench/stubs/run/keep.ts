import { readPackage } from '@deja/format/node';
import type { ServerInfo, Timeline } from '@deja/format';

/** What a scenario was recorded as, for tests that replay it without the real server. */
export interface KeptScenario {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly timeline: Timeline & { readonly epoch: number; readonly servers: readonly ServerInfo[] };
  /** What the client showed. */
  readonly shown: unknown;
}

/** More is not kept in a repository: characters. */
const LONGEST = 100_000;

/** Of the package of a scenario: its request's events, and the attempts to connect that belong to no request. None where it is too large. */
export async function keptScenario(name: string, file: string): Promise<readonly KeptScenario[]> {
  const { timeline, servers, context, failure } = await readPackage(file);
  const [request] = context.requests;
  const query = new URLSearchParams(request?.trigger.kind === 'http' ? request.trigger.target.split('?')[1] : '');
  const [host, port] = [query.get('host') ?? '', Number(query.get('port'))];
  const events = timeline.filter((event) => (event.kind === 'socket' ? event.host === host && event.port === port : event.scope?.in === 'request' && event.kind !== 'random'));
  const kept: KeptScenario = { name, host, port, timeline: { deja: 'timeline/1', epoch: context.epoch, servers: servers.filter((server) => server.port === port), events }, shown: JSON.parse(failure?.error?.message ?? 'null') as unknown };
  return JSON.stringify(kept).length > LONGEST ? [] : [kept];
}
