/** Bounds of everything that is kept; bytes and counts. */
export interface Limits {
  /** One body in a package. */
  readonly body: number;
  /** All that one request keeps alive. */
  readonly request: number;
  /** Events of one request. */
  readonly events: number;
  /** All that is kept before the application serves. */
  readonly boot: number;
  readonly background: number;
  /** All finished requests that are still kept. */
  readonly recent: number;
  readonly recentRequests: number;
  /** Packages written per minute. */
  readonly packages: number;
}

export interface CaptureConfig {
  readonly out: string;
  readonly service?: string;
  readonly release?: string;
  /** Path of the replay instructions; production otherwise. */
  readonly replay?: string;
  readonly limits: Limits;
}

const KIB = 1024;
const MIB = 1024 * KIB;

export const DEFAULT_LIMITS: Limits = {
  body: MIB,
  request: 4 * MIB,
  events: 2000,
  boot: 8 * MIB,
  background: MIB,
  recent: 8 * MIB,
  recentRequests: 50,
  packages: 60,
};

/** `DEJA_OUT`, `DEJA_SERVICE`, `DEJA_RELEASE`, `DEJA_REPLAY`, and `DEJA_LIMITS` as `body=65536,packages=10`. */
export function configOf(env: Readonly<Record<string, string | undefined>>): CaptureConfig {
  return {
    out: env.DEJA_OUT || '.deja',
    ...(env.DEJA_SERVICE ? { service: env.DEJA_SERVICE } : {}),
    ...(env.DEJA_RELEASE ? { release: env.DEJA_RELEASE } : {}),
    ...(env.DEJA_REPLAY ? { replay: env.DEJA_REPLAY } : {}),
    limits: limitsOf(env.DEJA_LIMITS ?? ''),
  };
}

function limitsOf(text: string): Limits {
  const limits: Record<string, number> = { ...DEFAULT_LIMITS };
  for (const part of text.split(',')) {
    const [name, value] = part.split('=');
    const number = Number(value);
    if (name && name in limits && Number.isFinite(number) && number >= 0) limits[name] = number;
  }
  return limits as unknown as Limits;
}
