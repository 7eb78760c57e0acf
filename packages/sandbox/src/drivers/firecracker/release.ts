import { DejaError } from '@deja/format';

/**
 * The release that Deja is made for and tested with. Other 1.16 releases from this one on are taken as well: their interface and the format of
 * their snapshots are the same. Not 1.16.0, whose guests do not answer on vsock after a restore; not 1.17 and later, whose snapshots and
 * interface nobody has tried with Deja.
 */
export const FIRECRACKER_VERSION = '1.16.1';
export const NEEDED_VERSION = `${FIRECRACKER_VERSION} or a later 1.16.x`;

/** As Firecracker's releases name it. */
export type Architecture = 'x86_64' | 'aarch64';

const BASE = 'https://github.com/firecracker-microvm/firecracker/releases/download';

/**
 * SHA-256 of the archives, which the project publishes beside them as `<archive>.sha256.txt`. Taken from public records of others that agree:
 * both in `release/firecracker-versions.json` of sudo-su-coffee/porter and `scripts/setup/setup-assets.sh` of MdSadiqMd/firemig,
 * x86_64 also in `scripts/fetch-firecracker.sh` of nya-a-cat/ferrobox and of cwwjacobs/cindermote.
 */
const PINNED: Readonly<Record<Architecture, string>> = {
  x86_64: '382a02a869e4d6d5cb14c40577f9545e8458021ea8b0b2d3fc10ec14d9c242e6',
  aarch64: '8d0e69f6d6f9a1724551f607f18504052c16c1828ee3d4d7b6e6c73380871e0e',
};

/** An archive to be had, and what is wanted of it. */
export interface Release {
  readonly version: string;
  readonly architecture: Architecture;
  /** Name of the archive. */
  readonly archive: string;
  readonly url: string;
  /** Of the archive, in hexadecimal. */
  readonly sha256: string;
  /** Names of the two programs in the archive. */
  readonly members: Readonly<Record<'firecracker' | 'jailer', string>>;
}

/** The release for this machine. @throws DejaError DEJA_FIRECRACKER_UNSUPPORTED */
export function firecrackerRelease(platform: string = process.platform, arch: string = process.arch): Release {
  const architecture = ({ x64: 'x86_64', arm64: 'aarch64' } as const)[arch];
  if (platform !== 'linux' || architecture === undefined) {
    throw new DejaError('DEJA_FIRECRACKER_UNSUPPORTED', `there is no Firecracker for this machine (${platform}, ${arch}): it runs on Linux, on x86-64 and arm64`, { hint: 'Use --sandbox auto to take what works here.' });
  }
  const tag = `v${FIRECRACKER_VERSION}`;
  const archive = `firecracker-${tag}-${architecture}.tgz`;
  const member = (program: string): string => `release-${tag}-${architecture}/${program}-${tag}-${architecture}`;
  return {
    version: FIRECRACKER_VERSION, architecture, archive, url: `${BASE}/${tag}/${archive}`, sha256: PINNED[architecture],
    members: { firecracker: member('firecracker'), jailer: member('jailer') },
  };
}

/** Whether Deja can use a version: `1.16.2`. Not what is between releases: `1.17.0-dev`. */
export function isUsableVersion(version: string): boolean {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)$/.exec(version) ?? [];
  return major === '1' && minor === '16' && Number(patch) >= 1;
}
