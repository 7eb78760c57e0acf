import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { FrameChannel, type FrameListener } from './channel.js';
import type { GuestFrame, TunnelFrame } from './protocol.js';

export interface LinkListener extends FrameListener {
  /** The host is there: for the first time, or again. */
  opened(): void;
}

/** The host, over whichever connection is there now. */
export interface HostLink {
  send(frame: GuestFrame | TunnelFrame, payload?: Uint8Array): void;
}

/** The protocol on standard input and output: when these end, so has the host. */
export function standardLink(listener: LinkListener): HostLink {
  const channel = new FrameChannel(process.stdin, process.stdout, listener);
  setImmediate(() => listener.opened());
  return { send: (frame, payload) => channel.send({ ...frame }, payload) };
}

/**
 * The protocol on a Unix socket, where a connection may be lost and the host is not: a machine that goes on from a saved state has lost its
 * connections, and the host connects anew. What is sent while nobody is connected is lost.
 */
export function socketLink(path: string, listener: LinkListener): HostLink {
  let current: FrameChannel | null = null;
  const server = createServer((socket) => {
    const channel: FrameChannel = new FrameChannel(socket, socket, {
      frame: (frame) => listener.frame(frame),
      closed: () => {
        socket.destroy();
        if (current === channel) current = null;
      },
    });
    current = channel;
    listener.opened();
  });
  rmSync(path, { force: true });
  server.on('error', (error) => listener.closed(error));
  server.listen(path);
  return { send: (frame, payload) => current?.send({ ...frame }, payload) };
}
