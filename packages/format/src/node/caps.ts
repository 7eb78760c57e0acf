/** Bounds within which a package is read. A hostile one costs no more than these allow. */
export interface Caps {
  /** Bytes of the file. */
  readonly fileBytes: number;
  /** Entries of the zip. */
  readonly entries: number;
  /** Bytes of one entry, unpacked. */
  readonly entryBytes: number;
  /** Bytes of all entries, unpacked. */
  readonly totalBytes: number;
  /** Bytes of all JSON: parsed, it takes several times as much. */
  readonly jsonBytes: number;
  /** Bytes of one JSON file or one line of the timeline. */
  readonly documentBytes: number;
  /** Nesting of JSON. */
  readonly depth: number;
  /** Events of the timeline. */
  readonly events: number;
  /** Values in all JSON of the package: each costs memory beyond its bytes. */
  readonly values: number;
  /** Arrays and objects among them, which cost most. */
  readonly containers: number;
  /** Names of one JSON object. */
  readonly names: number;
}

const MIB = 1024 * 1024;

/**
 * Absolute bounds instead of a compression ratio: a megabyte of zeros is an honest response body and shrinks a thousandfold,
 * while nothing within these bounds can hurt, however small it was packed.
 */
export const DEFAULT_CAPS: Caps = {
  fileBytes: 64 * MIB,
  entries: 10_000,
  entryBytes: 32 * MIB,
  totalBytes: 48 * MIB,
  jsonBytes: 16 * MIB,
  documentBytes: 8 * MIB,
  depth: 200,
  events: 100_000,
  values: 1_000_000,
  containers: 500_000,
  names: 10_000,
};
