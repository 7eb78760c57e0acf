import type { AppEnd } from './protocol.js';

/** How the application's process ended, to follow its name. */
export function inWords(end: AppEnd): string {
  switch (end.kind) {
    case 'exited':
      return `ended with code ${end.code}`;
    case 'signalled':
      return `was ended by ${end.signal}`;
    case 'timed-out':
      return 'was stopped at its deadline';
    case 'oom-killed':
      return 'was killed by the system for want of memory';
    case 'never-started':
      return `could not be started (${end.message})`;
  }
}
