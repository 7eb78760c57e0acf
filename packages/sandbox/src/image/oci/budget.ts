import { tooLarge } from './archive-error.js';

/** Bounds within which an archive is unpacked. A hostile one costs no more than these allow. */
export interface ImageCaps {
  /** Files, folders and links of all layers. */
  readonly entries: number;
  /** Of the archive, and of all layers, unpacked. */
  readonly bytes: number;
  /** What is within these bytes may be packed however small: an honest layer may hold a large file of zeros. */
  readonly freelyPackedBytes: number;
  /** Beyond them no layer may grow more than this many times. */
  readonly ratio: number;
  /** Of one document: index, manifest, configuration. */
  readonly documentBytes: number;
  readonly layers: number;
}

const GIB = 1024 ** 3;

export const DEFAULT_IMAGE_CAPS: ImageCaps = { entries: 1_000_000, bytes: 16 * GIB, freelyPackedBytes: GIB, ratio: 100, documentBytes: GIB / 64, layers: 500 };

/** Counts what was unpacked. */
export class Budget {
  readonly caps: ImageCaps;
  readonly #archive: string;
  #entries = 0;
  #bytes = 0;

  constructor(archive: string, caps: ImageCaps) {
    this.#archive = archive;
    this.caps = caps;
  }

  /** For going through the same bytes once more. */
  anew(): Budget {
    return new Budget(this.#archive, this.caps);
  }

  /** Throws DEJA_IMAGE_TOO_LARGE. */
  countEntry(): void {
    if (++this.#entries > this.caps.entries) throw tooLarge(this.#archive, `it has more than ${this.caps.entries} entries`);
  }

  /** @param chunk bytes of one packed file of `packed` bytes, of which `unpacked` were unpacked so far, these included. Throws DEJA_IMAGE_TOO_LARGE. */
  countBytes(chunk: number, packed: number, unpacked: number): void {
    this.#bytes += chunk;
    if (this.#bytes > this.caps.bytes) throw tooLarge(this.#archive, `it holds more than ${this.caps.bytes} bytes`);
    if (unpacked > this.caps.freelyPackedBytes && unpacked > packed * this.caps.ratio) throw tooLarge(this.#archive, `${packed} bytes of it unpack to more than ${unpacked - 1}`);
  }
}
