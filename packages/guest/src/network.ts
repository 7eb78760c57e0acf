import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { AgentError } from './failure.js';
import type { GuestPlan } from './plan.js';

/**
 * Gives the recorded host names and addresses to the loopback device. Only where the network is the sandbox's own.
 */
export async function applyNetwork(plan: GuestPlan): Promise<void> {
  writeFileSync('/etc/hosts', hostsFile(plan.network.hosts));
  await addAddresses(addressesOf(plan));
}

function hostsFile(hosts: GuestPlan['network']['hosts']): string {
  const lines = hosts.some(({ name }) => name === 'localhost') ? ['::1\tip6-localhost ip6-loopback'] : ['127.0.0.1\tlocalhost', '::1\tlocalhost ip6-localhost ip6-loopback'];
  for (const { name, address } of hosts) {
    if (!/^[\w.-]+$/.test(name) || isIP(address) === 0) {
      throw new AgentError('DEJA_PLAN_INVALID', `the plan gives the host name '${name}' the address '${address}': not usable in /etc/hosts`);
    }
    lines.push(`${address}\t${name}`);
  }
  return `${lines.join('\n')}\n`;
}

/** What the plan names, and where the application itself was reached; all but what loopback has by itself. */
export function addressesOf(plan: GuestPlan): readonly string[] {
  const wanted = [
    ...plan.network.addresses,
    ...plan.app.ready.map((ready) => ready.address),
    ...plan.triggers.flatMap(({ trigger }) => (trigger.kind === 'http' ? [trigger.local.address] : [])),
  ].map(withoutMapping);
  return [...new Set(wanted)].filter((address) => isIP(address) !== 0 && !isOnLoopback(address));
}

/** `::ffff:10.0.0.5` is how a dual-stack listener shows an IPv4 peer. */
export function withoutMapping(address: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice('::ffff:'.length) : address;
}

function isOnLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address === '0.0.0.0' || address === '::';
}

async function addAddresses(addresses: readonly string[]): Promise<void> {
  const up = Object.values(networkInterfaces()).some((list) => list?.some((each) => each.address === '127.0.0.1'));
  const commands = up ? [] : ['link set lo up'];
  for (const address of addresses) commands.push(`addr replace ${address}/${isIP(address) === 6 ? 128 : 32} dev lo`);
  if (commands.length === 0) return;
  const failed = await runIp(`${commands.join('\n')}\n`);
  if (failed !== null) {
    throw new AgentError('DEJA_NETWORK_FAILED', `the recorded addresses ${addresses.join(', ')} could not be given to the sandbox's loopback device: ${failed}`, {
      hint: 'The program `ip` does this; on Debian it is in the package iproute2.',
    });
  }
}

/** Null when all went well, else what it said. */
async function runIp(commands: string): Promise<string | null> {
  return await new Promise((resolve) => {
    const child = spawn('ip', ['-batch', '-'], { stdio: ['pipe', 'ignore', 'pipe'], env: { PATH: '/usr/sbin:/sbin:/usr/bin:/bin' } });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code) => resolve(code === 0 ? null : said.trim() || `ip ended with ${code}`));
    child.stdin.end(commands);
  });
}
