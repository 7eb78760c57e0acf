import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.ts';
import { DEJA } from './deja.ts';
import { userEnvironment } from './environment.ts';
import type { Installed } from './installed.ts';
import { Program, type ProgramEnd } from './program.ts';
import { startUplink } from './uplink.ts';

export interface VerdaccioDays {
  readonly end: ProgramEnd;
  readonly output: string;
  /** What the client got of the answer before the connection ended. */
  readonly answer: string;
  readonly asked: readonly string[];
}

/** A user's evening with verdaccio in `folder`, under `deja run`: one search, and the process is gone. The uplink is off when this returns. */
export async function captureVerdaccio({ failing, node }: Installed, folder: string): Promise<VerdaccioDays> {
  await using uplink = await startUplink();
  const port = await freePort();
  writeFileSync(join(folder, 'config.yaml'), configuration(port, uplink.port));
  const command = [process.execPath, DEJA, 'run', '--', join(failing, 'node_modules', '.bin', 'verdaccio'), '--config', 'config.yaml'];
  await using service = new Program(command, { cwd: folder, env: userEnvironment(node) });
  await service.listens(port);
  const healthy = await fetch(`http://127.0.0.1:${port}/-/all?local=1`);
  await healthy.text();
  const answer = await searched(port);
  const end = await service.ended;
  return { end, output: service.output, answer, asked: uplink.asked };
}

async function searched(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/-/all/since?stale=update_after&startkey=1490000000000`);
  let text = '';
  try {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString();
    return text;
  } catch {
    return `${text}(cut off)`;
  }
}

function configuration(port: number, uplink: number): string {
  return `storage: ./storage
auth:
  htpasswd:
    file: ./htpasswd
uplinks:
  upstream:
    url: http://127.0.0.1:${uplink}/
packages:
  '**':
    access: $all
    publish: $authenticated
    proxy: upstream
logs:
  - {type: stdout, format: pretty, level: http}
listen: 127.0.0.1:${port}
`;
}
