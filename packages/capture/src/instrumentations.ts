import type { Instrumentation } from './core/instrumentation.js';
import { DRIVERS } from './drivers/index.js';

/** Everything that is hooked in at start, in this order. */
export const INSTRUMENTATIONS: readonly Instrumentation[] = [...DRIVERS];
