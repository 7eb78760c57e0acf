import { DejaError } from '@deja/format';
import { namespaceDriver } from './drivers/namespace/driver.js';
import { qemuDriver } from './drivers/qemu/driver.js';
import { processDriver } from './drivers/process/driver.js';
import type { Driver, ProbeResult, Sandbox, SandboxChoice, SandboxName } from './sandbox.js';

/** Strongest first. */
const DRIVERS: readonly Driver[] = [namespaceDriver, processDriver, qemuDriver];
/** Named on the command line, not built yet. */
const PLANNED: readonly SandboxName[] = ['firecracker'];

/**
 * The sandbox asked for, or the strongest that works on this machine.
 *
 * @throws DejaError DEJA_SANDBOX_UNAVAILABLE: it does not work here; message and hint say why and what helps.
 */
export async function pickSandbox(choice: SandboxChoice): Promise<Sandbox> {
  if (choice === 'auto') return await strongest();
  const driver = DRIVERS.find((each) => each.name === choice);
  if (!driver) {
    throw new DejaError('DEJA_SANDBOX_UNAVAILABLE', `the sandbox '${choice}' is not part of this version of Deja`, {
      hint: `Use --sandbox ${DRIVERS.map((each) => each.name).join(' or --sandbox ')}.`,
    });
  }
  const probe = await driver.probe();
  if (!probe.works) {
    throw new DejaError('DEJA_SANDBOX_UNAVAILABLE', `the sandbox '${choice}' does not work on this machine: ${probe.reason}`, {
      hint: probe.cure ?? `Use --sandbox auto to take what works here.`,
    });
  }
  return sandboxOf(driver, `asked for; ${probe.how}`);
}

async function strongest(): Promise<Sandbox> {
  const refused: string[] = [];
  for (const driver of DRIVERS) {
    const probe = await driver.probe();
    if (probe.works) return sandboxOf(driver, ['the strongest that works here', probe.how, ...refused].join('; '));
    refused.push(`${driver.name} does not: ${probe.reason}${probe.cure ? ` (${probe.cure})` : ''}`);
  }
  throw new DejaError('DEJA_SANDBOX_UNAVAILABLE', `no sandbox works on this machine: ${refused.join('; ')}`);
}

/** Tries one out. */
export async function probeSandbox(name: SandboxName): Promise<ProbeResult> {
  const driver = DRIVERS.find((each) => each.name === name);
  return driver ? await driver.probe() : { works: false, reason: 'not part of this version of Deja' };
}

/** Every sandbox by name, with what trying it out has shown: for `deja doctor`. */
export async function probeSandboxes(): Promise<readonly { readonly name: SandboxName; readonly probe: ProbeResult }[]> {
  const found: { name: SandboxName; probe: ProbeResult }[] = [];
  for (const name of [...DRIVERS.map((driver) => driver.name), ...PLANNED]) found.push({ name, probe: await probeSandbox(name) });
  return found;
}

function sandboxOf(driver: Driver, reason: string): Sandbox {
  return { name: driver.name, isolation: driver.isolation, description: driver.description, reason, start: (spec) => driver.start(spec) };
}
