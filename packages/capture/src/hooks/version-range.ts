type Triple = readonly [number, number, number];

function triple(version: string): Triple {
  const [major, minor, patch] = version.split(/[.+-]/).map((part) => Number.parseInt(part, 10) || 0);
  return [major ?? 0, minor ?? 0, patch ?? 0];
}

function compare(a: Triple, b: Triple): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/** Whether `version` satisfies every comparator of `range` (`>=8.0.0 <9`). Pre-release parts are ignored. */
export function inRange(version: string, range: string): boolean {
  const actual = triple(version);
  return range
    .split(/\s+/)
    .filter((part) => part !== '')
    .every((part) => {
      const match = /^(>=|<=|>|<|=)?(.+)$/.exec(part);
      const order = compare(actual, triple(match?.[2] ?? ''));
      switch (match?.[1] ?? '=') {
        case '>=':
          return order >= 0;
        case '<=':
          return order <= 0;
        case '>':
          return order > 0;
        case '<':
          return order < 0;
        default:
          return order === 0;
      }
    });
}
