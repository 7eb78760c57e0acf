import { stripVTControlCharacters } from 'node:util';

export interface LiveLine extends Disposable {
  show(text: string): void;
}

/** One line at a terminal that is overwritten by the next, and gone at the end. Nothing where there is no terminal. */
export function liveLine(): LiveLine {
  const stream = process.stdout;
  if (!stream.isTTY) return { show: () => undefined, [Symbol.dispose]: () => undefined };
  const clear = '\r\u001B[2K';
  return {
    show: (text) => void stream.write(`${clear}    ${stripVTControlCharacters(text).trim().slice(0, stream.columns - 6)}`),
    [Symbol.dispose]: () => void stream.write(clear),
  };
}
