export interface Config {
  readonly port: number;
  readonly databaseUrl: string;
  /** Absent: product pages are read from the database every time. */
  readonly redisUrl: string | undefined;
  readonly paymentsUrl: string;
  readonly paymentsKey: string;
  readonly storage: { readonly endpoint: string; readonly region: string; readonly bucket: string };
}

export function readConfig(env: NodeJS.ProcessEnv): Config {
  return {
    port: Number(required(env, 'PORT')),
    databaseUrl: required(env, 'DATABASE_URL'),
    redisUrl: env['REDIS_URL'],
    paymentsUrl: required(env, 'PAYMENTS_URL'),
    paymentsKey: required(env, 'PAYMENTS_API_KEY'),
    storage: { endpoint: required(env, 'S3_ENDPOINT'), region: env['S3_REGION'] ?? 'eu-central-1', bucket: required(env, 'S3_BUCKET') },
  };
}

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (!value) throw new Error(`the environment variable ${name} is missing`);
  return value;
}
