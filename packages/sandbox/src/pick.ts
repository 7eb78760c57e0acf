import { DejaError } from '@deja/format';
import { firecrackerDriver } from './drivers/firecracker/driver.js';
import { namespaceDriver } from './drivers/namespace/driver.js';
import { qemuDriver } from './drivers/qemu/driver.js';
import { processDriver } from './drivers/process/driver.js';
import type { Driver, Measured, ProbeResult, Sandbox, SandboxChoice, SandboxName } from './sandbox.js';

const REMEMBERED = ' What a trial has shown is remembered until the machine is started anew; `deja doctor --again` tries once more.';

/** Strongest first. */
const DRIVERS: readonly Driver[] = [firecrackerDriver, qemuDriver, namespaceDriver, processDriver];

/**
 * The sandbox asked for, or the strongest that works on this machine.
 *
 * @throws DejaError DEJA_SANDBOX_UNAVAILABLE: it does not work here; message and hint say why and what helps.
 */
export async function pickSandbox(choice: SandboxChoice): Promise<Sandbox> {
  if (choice === 'auto') return await strongest();
  const driver = driverOf(choice);
  const probe = await driver.probe();
  if (!probe.works) {
    throw new DejaError('DEJA_SANDBOX_UNAVAILABLE', `the sandbox '${choice}' does not work on this machine: ${probe.reason}`, {
      hint: `${probe.cure ?? 'Use --sandbox auto to take what works here.'}${probe.triedAt === undefined ? '' : REMEMBERED}`,
    });
  }
  return sandboxOf(driver, `asked for; ${probe.how}`, probe);
}

/** Of virtual machines only those that are known to work, by an earlier trial: nobody who did not ask for one shall wait for a trial. */
async function strongest(): Promise<Sandbox> {
  const refused: string[] = [];
  for (const driver of DRIVERS) {
    const probe = await (driver.recall ? driver.recall() : driver.probe());
    if (probe.works) return sandboxOf(driver, ['the strongest that works here', probe.how, ...refused].join('; '), probe);
    refused.push(`${driver.name} does not: ${probe.reason}${probe.cure ? ` (${probe.cure})` : ''}`);
  }
  throw new DejaError('DEJA_SANDBOX_UNAVAILABLE', `no sandbox works on this machine: ${refused.join('; ')}`);
}

/** Tries one out. */
export async function probeSandbox(name: SandboxName): Promise<ProbeResult> {
  return await driverOf(name).probe();
}

/** How long machines of this kind take here; null: it makes none. Throws what starting one throws. */
export async function measureSandbox(name: SandboxName): Promise<Measured | null> {
  return (await driverOf(name).measure?.()) ?? null;
}

/** Every sandbox by name, with what trying it out has shown: for `deja doctor`. */
export async function probeSandboxes(): Promise<readonly { readonly name: SandboxName; readonly probe: ProbeResult }[]> {
  const found: { name: SandboxName; probe: ProbeResult }[] = [];
  for (const { name } of DRIVERS) found.push({ name, probe: await probeSandbox(name) });
  return found;
}

function driverOf(name: SandboxName): Driver {
  const driver = DRIVERS.find((each) => each.name === name);
  if (!driver) throw new TypeError(`no driver is called '${name}'`);
  return driver;
}

function sandboxOf(driver: Driver, reason: string, { emulated }: Extract<ProbeResult, { works: true }>): Sandbox {
  return { name: driver.name, isolation: driver.isolation, description: driver.description, reason, emulated: emulated === true, start: (spec) => driver.start(spec) };
}
