/** A process that serves one plan of stubs, written by the measuring one, or plain answers by `node:http` for comparison; told and asked over IPC. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { createAuthority, startStubs, type StubPlan } from '@deja/stubs';

const [what = '', file = '', pace = '0'] = process.argv.slice(2);

/** Microseconds of processor time and bytes of memory so far; the largest memory is the kernel's own record. */
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  const peak = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  process.send?.({ cpu: user + system, rss: process.memoryUsage().rss, peak: Number(peak ?? 0) * 1024, divergences: divergences() });
});
let divergences = (): number => 0;

if (what === 'plain') {
  const body = Buffer.alloc(1000, 'x');
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' }).end(body));
  });
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1', () => process.send?.({ ports: [(server.address() as AddressInfo).port] }));
} else {
  const plan = JSON.parse(readFileSync(file, 'utf8')) as StubPlan;
  const stubs = await startStubs(plan, { resolve: () => ({ address: '127.0.0.1', port: 0 }), authority: createAuthority(), pace: Number(pace) });
  divergences = () => stubs.divergences.length;
  process.send?.({ ports: stubs.listeners.map(({ at }) => at.port) });
}
