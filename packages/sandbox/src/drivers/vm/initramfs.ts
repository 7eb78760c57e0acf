import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vmFolder } from '../../image/cache-folder.js';
import { cpio, PROGRAM } from '../../image/cpio.js';
import type { Kernel } from '../../image/kernel.js';
import { makeOnce } from '../../image/make-once.js';

/** The kernel's archive with this `/init` in it. */
export async function initramfsWith(kernel: Kernel, init: string): Promise<string> {
  const key = createHash('sha256').update(kernel.key).update(init).digest('hex').slice(0, 16);
  return await makeOnce(join(vmFolder(), `initramfs-${key}.cpio`), async (draft) => {
    // Linux reads archives one after the other.
    await writeFile(draft, Buffer.concat([await readFile(kernel.initramfs), cpio([{ path: 'init', mode: PROGRAM, content: init }])]));
  });
}
