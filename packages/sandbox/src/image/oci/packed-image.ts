/** An image in an archive, before anything of it is unpacked. */
export interface PackedImage {
  /** What people call it: `shop:1.2`. May be empty. */
  readonly tags: readonly string[];
  /** Of its manifest; where it has none, of its configuration. */
  readonly digest: string;
  /** `linux/amd64`; undefined: its configuration says. */
  readonly platform?: string;
  /** Throws DEJA_IMAGE_ARCHIVE_INVALID. */
  open(): Promise<OpenedImage>;
}

export interface OpenedImage {
  readonly platform: string;
  /** The lowest first. */
  readonly layers: readonly PackedLayer[];
}

export interface PackedLayer {
  /** How errors call it. */
  readonly name: string;
  /** Where its tar archive is, packed or not, after its digest was checked. Throws DEJA_IMAGE_ARCHIVE_INVALID. */
  verified(): Promise<string>;
}
