import { DejaError } from '@deja/format';
import type { StubPlan } from '@deja/stubs';

/** A stub as it is called on the command line. */
export interface NamedStub {
  /** The recorded host of a server that speaks HTTP, with the port where that is needed; the recorded name of any other. */
  readonly name: string;
  readonly kind: 'http' | 'redis' | 'mongodb' | 'nats' | 'amqp' | 'kafka' | 'postgres' | 'mysql' | 'mariadb' | 'tcp' | 'udp';
  /** As recorded. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** How many exchanges it knows. */
  readonly exchanges: number;
  /** Databases: as the application signs in. */
  readonly login?: { readonly database?: string; readonly user?: string };
}

export function namedStubs(plan: StubPlan): readonly NamedStub[] {
  const hosts = Map.groupBy(plan.http, ({ host }) => host);
  return [
    ...plan.http.map(({ host, port, tls, exchanges }): NamedStub => ({ name: (hosts.get(host)?.length ?? 0) > 1 ? `${host}:${port}` : host, kind: 'http', host, port, tls, exchanges: exchanges.length })),
    ...plan.redis.map(({ name, host, port, tls, exchanges }): NamedStub => ({ name, kind: 'redis', host, port, tls, exchanges: exchanges.length })),
    ...(plan.mongodb ?? []).map(({ name, host, port, tls, exchanges }): NamedStub => ({ name, kind: 'mongodb', host, port, tls, exchanges: exchanges.length })),
    ...(plan.brokers ?? []).map(({ name, system, host, port, tls, exchanges }): NamedStub => ({ name, kind: system, host, port, tls, exchanges: exchanges.length })),
    ...plan.sql.map(({ engine, database, host, port, tls, login, statements }): NamedStub => ({ name: database, kind: engine ?? 'postgres', host, port, tls, exchanges: statements.length, login })),
    ...(plan.tcp ?? []).map(({ host, port, tls, exchanges }): NamedStub => ({ name: `${host}:${port}`, kind: 'tcp', host, port, tls, exchanges: exchanges.length })),
    ...(plan.udp ?? []).map(({ host, port, exchanges }): NamedStub => ({ name: `${host}:${port}`, kind: 'udp', host, port, tls: false, exchanges: exchanges.length })),
  ];
}

/** The one that is meant: by name, host, `host:port`, or the unique beginning of one. Throws DEJA_STUB_UNKNOWN, which names those there are. */
export function findStub(stubs: readonly NamedStub[], meant: string): NamedStub {
  const names = (stub: NamedStub): readonly string[] => [stub.name, stub.host, `${stub.host}:${stub.port}`];
  for (const fits of [(name: string) => name === meant, (name: string) => name.startsWith(meant)]) {
    const [first, second] = stubs.filter((stub) => names(stub).some(fits));
    if (first && !second) return first;
    if (first) break;
  }
  const there = stubs.map(({ name, kind }) => `${name} (${kind})`).join(', ');
  throw new DejaError('DEJA_STUB_UNKNOWN', stubs.length === 0 ? 'this plan has no stubs: nothing outside was asked' : `no single stub is called ${meant}`, stubs.length === 0 ? {} : { hint: `There are: ${there}` });
}

/** The plan with no other stub than this one. */
export function onlyStub(plan: StubPlan, { kind, host, port, name }: NamedStub): StubPlan {
  const here = (one: { readonly host: string; readonly port: number }): boolean => one.host === host && one.port === port;
  return {
    ...plan,
    http: kind === 'http' ? plan.http.filter(here) : [],
    redis: kind === 'redis' ? plan.redis.filter(here) : [],
    ...(plan.mongodb && { mongodb: kind === 'mongodb' ? plan.mongodb.filter(here) : [] }),
    brokers: (plan.brokers ?? []).filter((one) => here(one) && one.system === kind),
    sql: plan.sql.filter((proxy) => here(proxy) && proxy.database === name && (proxy.engine ?? 'postgres') === kind),
    tcp: kind === 'tcp' ? (plan.tcp ?? []).filter(here) : [],
    udp: kind === 'udp' ? (plan.udp ?? []).filter(here) : [],
    closed: [],
    dns: [],
  };
}
