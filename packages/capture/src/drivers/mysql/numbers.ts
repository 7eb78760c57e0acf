/** Beyond so many digits before the point the server writes an exponent. */
const MOST_DIGITS = 15;

/** An eight-byte number as the server writes it in its text protocol. `decimals`: how many the column has; 31 and more: as many as it needs. */
export function doubleText(value: number, decimals: number): string {
  return decimals < 31 ? value.toFixed(decimals) : written(value.toExponential());
}

/** The same of a four-byte number, of which six digits count. */
export function floatText(value: number, decimals: number): string {
  return decimals < 31 ? value.toFixed(decimals) : written(Number(value.toPrecision(6)).toExponential());
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
