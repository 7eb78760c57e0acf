/** Why applications whose installation takes hundreds of megabytes are not tested, for the title of what is skipped; empty where they are. */
export function withoutLargeApps(): string {
  return process.env['LARGE_APPS'] === '1' ? '' : ' (skipped: LARGE_APPS is not 1)';
}
