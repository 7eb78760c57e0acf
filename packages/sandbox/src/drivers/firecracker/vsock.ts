import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const RETRY_MS = 5;
/** What is asked while the guest still boots may get no answer at all, not even a refusal: then it is asked anew. */
const ANSWER_MS = 1000;
/** The longest line with which Firecracker says that there is a connection. */
const MAX_GREETING = 32;

/**
 * A connection to a port of the guest, by the socket that Firecracker makes for it: a line each way, then the guest's own bytes. Tried until
 * somebody listens in the guest. Throws the reason of `ended`.
 */
export async function connectVsock(path: string, port: number, ended: AbortSignal): Promise<Socket> {
  for (;;) {
    ended.throwIfAborted();
    const socket = await tryOnce(path, port, ended);
    if (socket) return socket;
    await sleep(RETRY_MS);
  }
}

/** Null: nobody listens yet, or nobody answered in time. */
async function tryOnce(path: string, port: number, ended: AbortSignal): Promise<Socket | null> {
  const socket = connect({ path });
  return await new Promise((resolve) => {
    let said = Buffer.alloc(0);
    const fail = (): void => {
      settle();
      socket.on('error', () => undefined).destroy();
      resolve(null);
    };
    const read = (chunk: Buffer): void => {
      said = Buffer.concat([said, chunk]);
      const end = said.indexOf('\n');
      if (end < 0 && said.length <= MAX_GREETING) return;
      if (!said.toString('latin1', 0, end).startsWith('OK ')) return fail();
      settle();
      socket.pause();
      socket.unshift(said.subarray(end + 1));
      resolve(socket);
    };
    const late = setTimeout(fail, ANSWER_MS);
    ended.addEventListener('abort', fail);
    const settle = (): void => {
      clearTimeout(late);
      ended.removeEventListener('abort', fail);
      socket.off('data', read).off('close', fail).off('error', fail);
    };
    socket.on('data', read).once('close', fail).once('error', fail);
    socket.write(`CONNECT ${port}\n`);
  });
}
