/** Names. */
import type { EventBase, Outcome } from './base.js';

export interface DnsEvent extends EventBase {
  readonly kind: 'dns';
  readonly hostname: string;
  readonly outcome: Outcome<{ readonly addresses: readonly string[] }>;
}
