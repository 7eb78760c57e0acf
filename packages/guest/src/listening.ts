import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';

const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
const LISTEN = '0A';

/**
 * Which TCP ports of this network namespace have a listener. Null where the system does not tell.
 * Reading this instead of connecting leaves the application alone: it would see every connection.
 */
export function listeningPorts(): ReadonlySet<number> | null {
  if (!existsSync('/proc/net/tcp')) return null;
  const ports = new Set<number>();
  for (const table of TABLES) {
    if (!existsSync(table)) continue;
    for (const line of readFileSync(table, 'latin1').split('\n').slice(1)) {
      const [, local, , state] = line.trim().split(/\s+/);
      if (state === LISTEN && local) ports.add(Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16));
    }
  }
  return ports;
}

/** Those of the ports at which nothing accepts connections. */
export async function closedPorts(ports: readonly number[]): Promise<readonly number[]> {
  const listening = listeningPorts();
  if (listening) return ports.filter((port) => !listening.has(port));
  const open = await Promise.all(ports.map(accepts));
  return ports.filter((_port, index) => !open[index]);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, 'localhost');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
