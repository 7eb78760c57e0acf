const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** `count` letters and digits that follow from the hash alone. */
export function lettersOf(hash: Uint8Array, count: number): string {
  return spread(hash, count, LETTERS);
}

export function digitsOf(hash: Uint8Array, count: number): string {
  return spread(hash, count, '0123456789');
}

function spread(hash: Uint8Array, count: number, alphabet: string): string {
  let text = '';
  for (let index = 0; index < count; index++) {
    const byte = (hash[index % hash.length] ?? 0) + Math.floor(index / hash.length) * 37;
    text += alphabet[byte % alphabet.length];
  }
  return text;
}

/** The check digit that follows these digits. */
export function luhnDigit(digits: string): number {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index]) * (index % 2 === 0 ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return (10 - (sum % 10)) % 10;
}

/** Whether the last digit is the check digit of the others. */
export function isLuhn(digits: string): boolean {
  return luhnDigit(digits.slice(0, -1)) === Number(digits.at(-1));
}
