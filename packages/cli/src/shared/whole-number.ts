import { InvalidArgumentError } from 'commander';

/** Reads the value of an option: digits and nothing else. Throws commander's error, which says what is needed. */
export function wholeNumber(least: number, most: number, needed: string): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < least || number > most) throw new InvalidArgumentError(needed);
    return number;
  };
}
