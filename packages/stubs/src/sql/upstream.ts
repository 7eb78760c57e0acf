/** Where the engine listens, and as whom the proxy connects; the engine must trust it. */
export type SqlUpstream = ({ readonly path: string } | { readonly address: string; readonly port: number }) & {
  readonly user: string;
  readonly database: string;
  /** A statement as it must ask this engine for the time; undefined: as it is. */
  readonly onClock?: (text: string) => string | undefined;
  /** MySQL: what every session begins with: the recorded settings. */
  readonly start?: readonly string[];
  /** MySQL: milliseconds since 1970 that the engine shall take for the time; undefined: its own. */
  readonly now?: () => number | undefined;
};
