import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ShopClient } from '../traffic/shop-client.js';
import { freePort } from '../world/free-port.js';
import { onLines, startDeja } from './deja-command.js';

const READY_MS = 30_000;
const STOP_MS = 10_000;
const LAST_LINES = 20;

/** The service as production would run it, started by `deja run`. */
export interface RunningShop {
  readonly client: ShopClient;
  readonly url: string;
  stop(): Promise<void>;
}

export interface UnderCaptureOptions {
  /** Folder for packages. */
  readonly out: string;
  /** Where the service finds what it talks to. */
  readonly env: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
}

/** The entry of the service, as one types it in the repository's folder. */
export const SERVICE = 'examples/shop/dist/service/main.js';

export async function startUnderCapture(options: UnderCaptureOptions): Promise<RunningShop> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = startDeja(['run', '--out', options.out, '--service', 'shop', '--', 'node', SERVICE], { env: { ...process.env, ...options.env, PORT: String(port) } });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    onLines(stream, (line) => {
      output.push(line);
      if (output.length > LAST_LINES) output.shift();
      if (stream === child.stderr) options.onLine?.(line);
    });
  }
  const ended = once(child, 'close');
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    const impatient = sleep(STOP_MS, undefined, { ref: false }).then(() => child.kill('SIGKILL'));
    await Promise.race([ended, impatient]);
    await ended;
  };
  const client = new ShopClient(url);
  const deadline = Date.now() + READY_MS;
  while (!(await client.alive())) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`the shop did not start. Its last lines:\n${output.join('\n')}`);
    }
    await sleep(50);
  }
  return { client, url, stop };
}
