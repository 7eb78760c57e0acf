import { resolve } from 'node:path';

export interface CaptureSettings {
  /** Folder for packages. */
  readonly out: string;
  readonly service?: string;
  /** File URL of the capture library's preload. */
  readonly preload: string;
}

/** The environment in which the user's command runs: his own, and capture preloaded into every Node process that it starts. */
export function captureEnvironment(env: NodeJS.ProcessEnv, { out, service, preload }: CaptureSettings): NodeJS.ProcessEnv {
  // Where our own scripts put another Node first on PATH, the application still gets the user's.
  const { DEJA_USER_PATH: userPath, ...rest } = env;
  return {
    ...rest,
    ...(userPath === undefined ? {} : { PATH: userPath }),
    NODE_OPTIONS: [env.NODE_OPTIONS, `--import ${preload}`].filter((part) => part !== undefined && part !== '').join(' '),
    DEJA_OUT: resolve(out),
    ...(service === undefined ? {} : { DEJA_SERVICE: service }),
  };
}
