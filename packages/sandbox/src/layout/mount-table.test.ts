import { describe, expect, it } from 'vitest';
import { mountOf, mountsBelow, readMountTable } from './mount-table.js';

const TABLE = readMountTable(`22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
23 22 0:20 / /home rw,nosuid,nodev,noatime shared:1 - ext4 /dev/vdb rw
24 23 0:21 / /home/me/my\\040app/cache rw,noexec - tmpfs tmpfs rw
25 22 0:22 / /homestead rw - tmpfs tmpfs rw
`);

describe('the table of mounts', () => {
  it('says on which mount a path lies, with the flags that stay', () => {
    expect(mountOf('/home/me', TABLE)).toEqual({ path: '/home', locked: ['nosuid', 'nodev', 'noatime'] });
    expect(mountOf('/homes', TABLE)?.path).toBe('/');
  });

  it('says what is mounted inside a folder', () => {
    expect(mountsBelow('/home', TABLE).map(({ path }) => path)).toEqual(['/home/me/my app/cache']);
  });
});
