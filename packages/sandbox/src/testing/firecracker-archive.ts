import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { firecrackerRelease } from '../drivers/firecracker/release.js';

/** A script that says of itself what the program says of itself; it can do nothing else. */
export function claiming(program: 'Firecracker' | 'Jailer', version: string): string {
  return `#!/bin/sh\necho '${program} v${version}'\n`;
}

export interface Member {
  readonly name: string;
  readonly text?: string;
  /** A link, instead of a file. */
  readonly linkTo?: string;
}

/** What a release has, and more than Deja takes. */
export function releaseMembers(version = '1.16.1'): readonly [firecracker: Member, jailer: Member, sums: Member] {
  const { members } = firecrackerRelease();
  return [
    { name: members.firecracker, text: claiming('Firecracker', version) },
    { name: members.jailer, text: claiming('Jailer', version) },
    { name: members.firecracker.replace(/[^/]+$/, 'SHA256SUMS'), text: 'not looked at\n' },
  ];
}

export interface Archive {
  readonly bytes: Buffer;
  readonly sha256: string;
}

export async function archiveOf(members: readonly Member[]): Promise<Archive> {
  const packing = pack();
  for (const { name, text = '', linkTo } of members) {
    if (linkTo === undefined) packing.entry({ name, mode: 0o755 }, text);
    else packing.entry({ name, type: 'symlink', linkname: linkTo });
  }
  packing.finalize();
  const pieces: Uint8Array[] = [];
  for await (const piece of packing as AsyncIterable<Uint8Array>) pieces.push(piece);
  return archive(gzipSync(Buffer.concat(pieces)));
}

export function archive(bytes: Buffer): Archive {
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}
