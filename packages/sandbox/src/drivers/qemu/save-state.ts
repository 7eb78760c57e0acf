import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Template } from '../vm/template.js';
import type { Qmp } from './qmp.js';

/** Stops a machine, whose memory is in the template's file already, and keeps its state beside it. */
export async function saveState(qmp: Qmp, { state }: Template): Promise<void> {
  // The names of Unix sockets are short.
  const folder = mkdtempSync(join(tmpdir(), `deja-vm-${process.pid}-`));
  const socket = join(folder, 's');
  const server = createServer();
  try {
    server.listen(socket);
    await once(server, 'listening');
    const written = once(server, 'connection').then(([stream]) => pipeline(stream as Socket, createWriteStream(state, { mode: 0o600 })));
    await Promise.all([qmp.saveTo(socket), written]);
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
