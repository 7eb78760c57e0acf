/** Container images as tools write them: OCI image layouts, and both forms of `docker save`. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { tar, type Entry } from './tar.ts';

export type Files = Readonly<Record<string, Uint8Array>>;

export interface ImageParts {
  readonly layers: readonly (readonly Entry[])[];
  readonly tag?: string;
  /** Default: this machine's. */
  readonly architecture?: string;
  /** How layers are packed. Default: gzip. */
  readonly pack?: (layer: Buffer) => Uint8Array;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: unknown;
  readonly annotations?: Readonly<Record<string, string>>;
}

const OCI = 'application/vnd.oci.image';
export const HERE = process.arch === 'x64' ? 'amd64' : process.arch;

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** An OCI image layout. `nested`: the index names another one, which names the images, as multi-platform images are. */
export function ociLayout(images: readonly ImageParts[], nested = false): Files {
  const blobs = new Map<string, Uint8Array>();
  const put = (mediaType: string, bytes: Uint8Array): Descriptor => {
    blobs.set(`blobs/sha256/${digestOf(bytes).slice('sha256:'.length)}`, bytes);
    return { mediaType, digest: digestOf(bytes), size: bytes.length };
  };
  const manifests = images.map(({ layers, tag, architecture = HERE, pack = gzipSync }): Descriptor => {
    const archives = layers.map(tar);
    const config = put(`${OCI}.config.v1+json`, json({ os: 'linux', architecture, rootfs: { type: 'layers', diff_ids: archives.map(digestOf) } }));
    const manifest = { schemaVersion: 2, config, layers: archives.map((archive) => put(`${OCI}.layer.v1.tar+gzip`, pack(archive))) };
    return {
      ...put(`${OCI}.manifest.v1+json`, json(manifest)),
      ...(nested && { platform: { os: 'linux', architecture } }),
      ...(tag !== undefined && { annotations: { 'org.opencontainers.image.ref.name': tag } }),
    };
  });
  const index = nested ? [put(`${OCI}.index.v1+json`, json({ schemaVersion: 2, manifests }))] : manifests;
  return { 'oci-layout': json({ imageLayoutVersion: '1.0.0' }), 'index.json': json({ schemaVersion: 2, manifests: index }), ...Object.fromEntries(blobs) };
}

/** What `docker save` wrote before version 25. */
export function dockerArchive(images: readonly ImageParts[]): Files {
  const files: Record<string, Uint8Array> = {};
  const entries = images.map(({ layers, tag, architecture = HERE }) => {
    const archives = layers.map(tar);
    const config = json({ os: 'linux', architecture, rootfs: { type: 'layers', diff_ids: archives.map(digestOf) } });
    const configName = `${digestOf(config).slice('sha256:'.length)}.json`;
    files[configName] = config;
    const names = archives.map((archive, index) => {
      const name = `${digestOf(Buffer.from(`${index} ${digestOf(archive)}`)).slice('sha256:'.length)}/layer.tar`;
      files[name] = archive;
      return name;
    });
    return { Config: configName, RepoTags: tag === undefined ? null : [tag], Layers: names };
  });
  return { ...files, 'manifest.json': json(entries) };
}

export function writeFolder(folder: string, files: Files): string {
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  return folder;
}

export function archiveOf(files: Files): Buffer {
  return tar(Object.entries(files).map(([path, content]) => ({ path, content })));
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
