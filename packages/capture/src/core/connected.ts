import type { Packing } from './recorder.js';

type Teller = (pack: Packing) => void;

const tellers: Teller[] = [];

/** Has every package told what the process is connected to, although no event in it may say so: the application will want to be connected again. */
export function tellOfConnections(tell: Teller): void {
  tellers.push(tell);
}

export function packConnections(pack: Packing): void {
  for (const tell of tellers) {
    try {
      tell(pack);
    } catch {
      pack.limit('what the process was connected to could not be packaged');
    }
  }
}
