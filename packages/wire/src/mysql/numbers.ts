/** Beyond so many digits before the point the server writes an exponent. */
const MOST_DIGITS = 15;

/** As the server writes an eight-byte number: the shortest text that is the same number. */
export function mysqlDouble(value: number): string {
  return written(value.toExponential());
}

/** The same of a four-byte number, of which six digits count. */
export function mysqlFloat(value: number): string {
  return written(Number(value.toPrecision(6)).toExponential());
}

function written(exponential: string): string {
  const [, sign = '', first = '', rest = '', exponent = '0'] = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(exponential) ?? [];
  const digits = first + rest;
  const point = Number(exponent) + 1;
  if (digits === '0') return '0';
  if (point > MOST_DIGITS || point < 1 - MOST_DIGITS) return `${sign}${first}${rest === '' ? '' : `.${rest}`}e${point - 1}`;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return sign + (digits.length <= point ? digits.padEnd(point, '0') : `${digits.slice(0, point)}.${digits.slice(point)}`);
}
