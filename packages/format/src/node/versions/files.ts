/** The content of a package's files: parsed JSON by file name (`timeline.jsonl`: its lines), not yet validated; and its verified blobs. */
export interface PackageFiles {
  readonly json: Readonly<Record<string, unknown>>;
  readonly blobs: ReadonlyMap<string, Uint8Array>;
}

/** A released version of the format: the JSON files it knows, and how they become a package of that version. */
export interface Version<P> {
  readonly files: readonly string[];
  /** Validates everything; `name` is for messages. Throws DEJA_PACKAGE_INVALID. */
  parse(content: PackageFiles, name: string): Promise<P>;
}
