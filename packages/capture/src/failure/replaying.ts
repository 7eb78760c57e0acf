import { readFileSync } from 'node:fs';
import type { ExpectedRequest, ReplayInstructions } from '@deja/format';
import type { RequestScope } from '../core/scope.js';

/** The instructions of the guest agent. Throws what reading or parsing throws. */
export function readInstructions(path: string): ReplayInstructions {
  return JSON.parse(readFileSync(path, 'utf8')) as ReplayInstructions;
}

/** Which recorded request an arrival stands for, and how its package is called. */
export class Replaying {
  readonly #expected: ExpectedRequest[];
  readonly #arrived: () => void;
  #unmatched = 0;
  readonly #names = new WeakMap<RequestScope, string>();

  /** `arrived` is called when a recorded request arrives, before the application sees it. */
  constructor(instructions: ReplayInstructions, arrived: () => void) {
    this.#expected = [...instructions.requests];
    this.#arrived = arrived;
  }

  opened(scope: RequestScope): void {
    const index = this.#expected.findIndex((expected) => standsFor(scope, expected));
    const [match] = index < 0 ? [] : this.#expected.splice(index, 1);
    this.#names.set(scope, match ? `request-${match.request}.deja` : `unmatched-${(this.#unmatched += 1)}.deja`);
    if (!match) return;
    scope.recorded = match.request;
    this.#arrived();
  }

  fileOf(scope: RequestScope | undefined): string {
    return (scope && this.#names.get(scope)) ?? 'start.deja';
  }
}

function standsFor({ exchange, message }: RequestScope, expected: ExpectedRequest): boolean {
  if ('destination' in expected) return message?.destination === expected.destination && (message.key ?? '') === (expected.key ?? '');
  return expected.method === exchange?.request.method && expected.target === exchange.request.url;
}
