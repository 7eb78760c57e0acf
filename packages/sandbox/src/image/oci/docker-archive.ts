import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { invalidArchive } from './archive-error.js';
import { digestOf, type Blobs } from './blobs.js';
import type { Budget } from './budget.js';
import { list, member, text, texts, type Json } from './json.js';
import { platformOf } from './oci-layout.js';
import { unpackedBytes } from './packed-file.js';
import type { OpenedImage, PackedImage } from './packed-image.js';

/**
 * The images of what `docker save` wrote before it wrote OCI image layouts: a list of files, whose digests the configuration of each image has.
 * Throws DEJA_IMAGE_ARCHIVE_INVALID.
 */
export async function dockerImages(blobs: Blobs, budget: Budget): Promise<readonly PackedImage[]> {
  const entries = blobs.namedDocument('manifest.json');
  if (!Array.isArray(entries)) throw invalidArchive(blobs.archive, 'manifest.json is no list of images');
  return await Promise.all(
    (entries as readonly Json[]).map(async (entry) => {
      const config = text(entry, 'Config') ?? '';
      const digest = await digestOf(createReadStream(blobs.plainFile(config, `the configuration ${config}`)));
      const promised = /^[0-9a-f]{64}$/.exec(basename(config, '.json'))?.[0];
      if (promised !== undefined && digest !== `sha256:${promised}`) throw invalidArchive(blobs.archive, `${config} holds something else, with the digest ${digest}`);
      return { tags: texts(entry, 'RepoTags'), digest, open: async () => open(blobs, budget, config, texts(entry, 'Layers')) };
    }),
  );
}

function open(blobs: Blobs, budget: Budget, configName: string, layers: readonly string[]): OpenedImage {
  const config = blobs.namedDocument(configName);
  const digests = list(member(config, 'rootfs'), 'diff_ids');
  if (digests.length !== layers.length) throw invalidArchive(blobs.archive, `its image has ${layers.length} layers, and ${configName} digests of ${digests.length}`);
  const { platform = 'unknown' } = platformOf(config);
  return {
    platform,
    layers: layers.map((name, index) => ({
      name: `layer ${name}`,
      async verified() {
        const path = blobs.plainFile(name, `layer ${name}`);
        const found = await digestOf(unpackedBytes(path, budget.anew()));
        if (found !== digests[index]) throw invalidArchive(blobs.archive, `layer ${name} holds something else than promised, with the digest ${found}`);
        return path;
      },
    })),
  };
}
