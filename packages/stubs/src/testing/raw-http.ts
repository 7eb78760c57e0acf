import { connect } from 'node:net';

/** For tests: send `request`, and return all bytes that come back until the connection ends, as latin1, and how it ended. */
export function rawExchange(port: number, request: string | Buffer): Promise<{ readonly text: string; readonly ended: string }> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const finish = (ended: string): void => resolve({ text: Buffer.concat(chunks).toString('latin1'), ended });
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => {
      socket.destroy();
      finish('fin');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? 'error'));
  });
}
