import type { Scenario } from '../scenario.ts';

/** Each client's scenarios, loaded when they are needed: the application has no more libraries in it than it uses. */
export const SETS: Readonly<Record<string, () => Promise<{ readonly scenarios: readonly Scenario[] }>>> = {
  http: () => import('./http.ts'),
  redis: () => import('./redis.ts'),
  'redis-nodes': () => import('./redis-nodes.ts'),
  mongodb: () => import('./mongodb.ts'),
  mysql: () => import('./mysql.ts'),
  postgres: () => import('./postgres.ts'),
  s3: () => import('./s3.ts'),
  nats: () => import('./nats.ts'),
  amqp: () => import('./amqp.ts'),
  kafka: () => import('./kafka.ts'),
};

/** Throws where there is no such scenario. */
export async function scenarioNamed(set: string, name: string): Promise<Scenario> {
  const scenario = (await SETS[set]?.())?.scenarios.find((one) => one.name === name);
  if (!scenario) throw new Error(`there is no scenario '${name}' in '${set}'`);
  return scenario;
}
