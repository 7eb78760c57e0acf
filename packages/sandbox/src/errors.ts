import { DejaError } from '@deja/format';
import type { GuestFailure } from '@deja/guest';

/** What the guest agent reported to have gone wrong, with the last lines of the application's output. */
export class GuestError extends DejaError {
  readonly output: readonly string[];

  constructor(failure: GuestFailure) {
    super(failure.code, failure.message, failure.hint === undefined ? {} : { hint: failure.hint });
    this.name = 'GuestError';
    this.output = failure.output ?? [];
  }
}
