import { describe, expect, it } from 'vitest';
import { pickSandbox, probeSandboxes } from './pick.js';

describe('the sandbox', () => {
  it('one that this version does not have is refused with what can be used instead', async () => {
    const name = 'firecracker';
    await expect(pickSandbox(name)).rejects.toMatchObject({ code: 'DEJA_SANDBOX_UNAVAILABLE', message: expect.stringContaining(name), hint: expect.stringContaining('--sandbox namespace') });
  });

  it('is the strongest that works, and says which and why', async () => {
    const strongest = (await probeSandboxes()).find(({ probe }) => probe.works)?.name;
    const picked = await pickSandbox('auto');
    expect(picked.name).toBe(strongest);
    expect(picked.reason).toContain('the strongest that works here');
  });

  it('every one is listed with the outcome of its trial', async () => {
    const probes = await probeSandboxes();
    expect(probes.map(({ name }) => name)).toEqual(['namespace', 'process', 'qemu', 'firecracker']);
    expect(probes.find(({ name }) => name === 'process')?.probe.works).toBe(true);
  });
});
