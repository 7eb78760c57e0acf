let sessions = 0;
const numbers = new WeakMap<object, number>();

/** Number of a physical connection, from 1 in order of first use in this process. */
export function sessionOf(connection: object): number {
  let number = numbers.get(connection);
  if (number === undefined) {
    number = ++sessions;
    numbers.set(connection, number);
  }
  return number;
}
