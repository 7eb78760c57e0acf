import { describe, expect, it } from 'vitest';
import { pickSandbox, probeSandboxes } from './pick.js';

describe('the sandbox', () => {
  it('one that does not work here is refused with the reason and what helps', async () => {
    const refused = (await probeSandboxes()).flatMap(({ name, probe }) => (probe.works ? [] : [{ name, ...probe }]));
    for (const { name, reason } of refused) {
      await expect(pickSandbox(name)).rejects.toMatchObject({ code: 'DEJA_SANDBOX_UNAVAILABLE', message: expect.stringContaining(reason), hint: expect.any(String) });
    }
  });

  it('is the strongest that works, and says which and why', async () => {
    // After trying all of them, for it does not try virtual machines itself. By emulation they are no match for namespaces.
    const strongest = (await probeSandboxes()).find(({ name, probe }) => probe.works && (name !== 'qemu' || probe.how.includes('KVM: a guest was up')))?.name;
    const picked = await pickSandbox('auto');
    expect(picked.name).toBe(strongest);
    expect(picked.reason).toContain('the strongest that works here');
  });

  it('every one is listed with the outcome of its trial', async () => {
    const probes = await probeSandboxes();
    expect(probes.map(({ name }) => name)).toEqual(['firecracker', 'qemu', 'namespace', 'process']);
    expect(probes.find(({ name }) => name === 'process')?.probe.works).toBe(true);
  });
});
