/**
 * What shortens a boot: no serial port to look for, no keyboard, no self-tests, no clock to measure. `reboot=k` is how a guest ends its Firecracker.
 * With a `console`, what the kernel says comes out of Firecracker's standard output; every byte of it costs an exit of the guest.
 */
export function kernelCommandLine(console: 'silent' | 'console'): string {
  const common = [
    'reboot=k', 'panic=1', 'i8042.noaux', 'i8042.nomux', 'i8042.dumbkbd', 'i8042.nopnp', 'cryptomgr.notests', 'random.trust_cpu=on', 'mitigations=off', 'no_timer_check', 'tsc=reliable', 'swiotlb=noforce',
  ];
  return [...(console === 'silent' ? ['8250.nr_uarts=0', 'quiet', 'loglevel=1'] : ['console=ttyS0', 'earlyprintk=serial']), ...common].join(' ');
}
