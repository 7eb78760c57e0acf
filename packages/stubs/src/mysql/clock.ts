/** Statements that read the clock, or may have it put into rows. */
const READS = /\b(?:now|curdate|curtime|unix_timestamp|from_unixtime|utc_date|utc_time|utc_timestamp|current_date|current_time|current_timestamp|localtime|localtimestamp)\b|^\s*(?:insert|replace|update|load|call)\b/i;
/** What they ask would be about the statement that sets the clock. */
const ABOUT_THE_LAST = /\b(?:row_count|found_rows)\s*\(|^\s*show\s+(?:count\s*\(\s*\*\s*\)\s+)?(?:warnings|errors)\b/i;

/** What makes the engine take `ms` (since 1970) for the time when it executes `text`; undefined where that would make no difference. */
export function clockFor(text: string, ms: number | undefined): string | undefined {
  if (ms === undefined || !READS.test(text) || ABOUT_THE_LAST.test(text)) return undefined;
  return `SET timestamp = ${(ms / 1000).toFixed(6)}`;
}
