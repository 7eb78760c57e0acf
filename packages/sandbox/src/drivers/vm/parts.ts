import { realpathSync, statSync } from 'node:fs';
import { AGENT_ENTRY } from '@deja/guest';
import type { Image } from '../../image/erofs.js';
import { guestKernel } from '../../image/kernel.js';
import { ownPath } from '../../layout/layout.js';
import type { SandboxSpec } from '../../sandbox.js';
import { imagesOf, PID_ONE, type Images } from './images.js';
import { initramfsWith } from './initramfs.js';
import { initScript, type Channel } from './pid-one.js';

/** What every machine for one specification is made of, whoever runs it. Paths of this machine. */
export interface Parts {
  readonly kernel: string;
  readonly initramfs: string;
  readonly images: Images;
}

/** Makes kernel, images and initramfs unless they are there. @throws DejaError DEJA_KERNEL_UNUSABLE, DEJA_IMAGE_FAILED, DEJA_SYSTEM_PART_MISSING, DEJA_SANDBOX_APP_ROOT */
export async function partsOf(spec: SandboxSpec, channel: Channel): Promise<Parts> {
  const kernel = await guestKernel();
  const images = await imagesOf(spec, kernel, channel);
  const agent = [ownPath(realpathSync(process.execPath)), ownPath(realpathSync(AGENT_ENTRY))];
  return { kernel: kernel.vmlinux, initramfs: await initramfsWith(kernel, initScript(channel, kernel.modules, agent, PID_ONE)), images };
}

/** Kernel and images, ahead of the first run. Throws as `partsOf`. */
export async function buildImages(spec: SandboxSpec, sandbox: 'qemu' | 'firecracker'): Promise<Images & { readonly kernel: Image }> {
  const kernel = await guestKernel();
  const { images } = await partsOf(spec, CHANNELS[sandbox]);
  return { kernel: { path: kernel.vmlinux, key: kernel.key, bytes: statSync(kernel.vmlinux).size }, ...images };
}

const CHANNELS = { qemu: 'serial', firecracker: 'vsock' } as const;
