import { DejaError } from '@deja/format';
import type { OpenedImage, PackedImage } from './packed-image.js';

/** Application's programs run on this machine's processor. */
const PLATFORM = `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`;

/** Which image of an archive is meant. */
export interface Wanted {
  /** As the command line named the archive. */
  readonly archive: string;
  readonly tag?: string;
}

export interface ChosenImage extends OpenedImage {
  readonly digest: string;
}

/**
 * The one image that is meant: of this name, for this machine.
 * @throws DejaError DEJA_IMAGE_NOT_IN_ARCHIVE, DEJA_IMAGE_AMBIGUOUS, DEJA_IMAGE_ARCHIVE_INVALID
 */
export async function chooseImage(images: readonly PackedImage[], wanted: Wanted): Promise<ChosenImage> {
  const { archive, tag } = wanted;
  if (images.length === 0) throw new DejaError('DEJA_IMAGE_NOT_IN_ARCHIVE', `there is no image in ${archive}`);
  const named = tag === undefined ? images : images.filter(({ tags, digest }) => digest === tag || tags.some((each) => isCalled(each, tag)));
  if (named.length === 0) throw new DejaError('DEJA_IMAGE_NOT_IN_ARCHIVE', `${archive} has no image called ${tag}; it has ${namesOf(images).join(', ')}`, { hint: choice(archive, images) });
  const fitting = new Map<string, ChosenImage>();
  const platforms = new Set<string>();
  for (const packed of named) {
    const { digest, platform } = packed;
    if (fitting.has(digest)) continue;
    // Of other platforms' images an archive may hold the names alone.
    const image = platform === undefined || platform === PLATFORM ? await packed.open() : undefined;
    platforms.add(platform ?? image?.platform ?? 'unknown');
    if (image && (platform ?? image.platform) === PLATFORM) fitting.set(digest, { ...image, digest });
  }
  const [only, ...others] = fitting.values();
  if (!only) throw new DejaError('DEJA_IMAGE_NOT_IN_ARCHIVE', `${archive} has no image for ${PLATFORM}, only for ${[...platforms].join(', ')}`, { hint: `Build it for that: --platform ${PLATFORM}.` });
  if (others.length === 0) return only;
  const several = images.filter(({ digest }) => fitting.has(digest));
  throw new DejaError('DEJA_IMAGE_AMBIGUOUS', `${archive} holds ${fitting.size} images: ${namesOf(several).join(', ')}`, { hint: choice(archive, several) });
}

/** `shop:1.2` is also `docker.io/library/shop:1.2`, and may be meant by `1.2`. */
function isCalled(name: string, tag: string): boolean {
  return name === tag || name.endsWith(`/${tag}`) || name.slice(name.lastIndexOf(':') + 1) === tag;
}

/** Digests stand in for names. */
function namesOf(images: readonly PackedImage[]): readonly string[] {
  return [...new Set(images.flatMap(({ tags, digest }) => (tags.length > 0 ? tags : [digest])))];
}

function choice(archive: string, images: readonly PackedImage[]): string {
  return `Say which one is meant: --app '${archive}#${namesOf(images)[0]}'`;
}
