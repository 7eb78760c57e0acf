/** Files outside of the application. */
import type { Body, EventBase, Outcome } from './base.js';

/** What is known of a file or folder. */
export interface FileFacts {
  readonly type?: 'file' | 'folder' | 'other';
  /** Bytes. */
  readonly size?: number;
  readonly mode?: number;
  /** Milliseconds since 1970. */
  readonly changed?: number;
  readonly content?: Body;
  /** Names in a folder, in the order in which they were given. */
  readonly entries?: readonly string[];
}

/** A file outside of the application's own folder. `look`: whether it is there, and what it is. */
export interface FileEvent extends EventBase {
  readonly kind: 'file';
  readonly operation: 'read' | 'look' | 'list' | 'write';
  /** Absolute. */
  readonly path: string;
  /** What was written. */
  readonly content?: Body;
  /** It was added at the end. */
  readonly append?: boolean;
  readonly outcome: Outcome<FileFacts>;
}
