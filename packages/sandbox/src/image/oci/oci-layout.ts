import { invalidArchive } from './archive-error.js';
import type { Blobs } from './blobs.js';
import { list, member, text, type Json } from './json.js';
import type { OpenedImage, PackedImage } from './packed-image.js';

/** An index may name further ones; no honest archive has more below each other. */
const MAX_DEPTH = 4;
const MAX_NAMED = 1000;
const INDEX = /\.(?:index|manifest\.list)\./;
const MANIFEST = /\.manifest\./;

/** Where the names of an image are written: by OCI's tools, by containerd and Docker. */
const NAMES = ['io.containerd.image.name', 'org.opencontainers.image.ref.name'];

/**
 * The images of an OCI image layout, of all platforms. Format: https://github.com/opencontainers/image-spec, image-layout.md and image-index.md.
 * Throws DEJA_IMAGE_ARCHIVE_INVALID.
 */
export async function layoutImages(blobs: Blobs): Promise<readonly PackedImage[]> {
  const images: PackedImage[] = [];
  let named = 0;
  const visit = async (index: Json, inherited: readonly string[] | undefined, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH) throw invalidArchive(blobs.archive, 'its indexes are nested too deeply');
    for (const descriptor of list(index, 'manifests')) {
      if (++named > MAX_NAMED) throw invalidArchive(blobs.archive, `it names more than ${MAX_NAMED} images`);
      const [digest = '', mediaType = ''] = [text(descriptor, 'digest'), text(descriptor, 'mediaType')];
      const tags = inherited ?? namesOf(descriptor);
      if (isNoProgram(descriptor)) continue;
      if (INDEX.test(mediaType)) await visit(await blobs.document(digest), tags, depth + 1);
      else if (MANIFEST.test(mediaType)) images.push({ tags, digest, ...platformOf(member(descriptor, 'platform')), open: () => open(blobs, digest) });
    }
  };
  await visit(blobs.namedDocument('index.json'), undefined, 1);
  return images;
}

async function open(blobs: Blobs, digest: string): Promise<OpenedImage> {
  const manifest = await blobs.document(digest);
  const configDigest = text(member(manifest, 'config'), 'digest');
  if (configDigest === undefined) throw invalidArchive(blobs.archive, `blob ${digest} is no manifest of an image: it names no configuration`);
  const { platform = 'unknown' } = platformOf(await blobs.document(configDigest));
  return {
    platform,
    layers: list(manifest, 'layers').map((layer) => {
      const of = text(layer, 'digest') ?? '';
      return { name: `blob ${of}`, verified: () => blobs.file(of) };
    }),
  };
}

function namesOf(descriptor: Json): readonly string[] {
  const annotations = member(descriptor, 'annotations');
  // The first is whole, the second often the tag alone.
  const [whole, tag] = NAMES.map((name) => text(annotations, name));
  return [whole ?? tag].filter((name) => name !== undefined);
}

/** Statements about images (where they came from, what is in them) are listed like images. */
function isNoProgram(descriptor: Json): boolean {
  return text(member(descriptor, 'annotations'), 'vnd.docker.reference.type') !== undefined || text(member(descriptor, 'platform'), 'os') === 'unknown';
}

export function platformOf(json: Json | undefined): { readonly platform?: string } {
  const [os, architecture] = [text(json, 'os'), text(json, 'architecture')];
  return os === undefined || architecture === undefined ? {} : { platform: `${os}/${architecture}` };
}
