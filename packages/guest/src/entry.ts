import { join } from 'node:path';

/** Path of the agent's program, to be run by Node ≥ 24 with the protocol on its standard input and output. */
export const AGENT_ENTRY: string = join(import.meta.dirname, 'agent.js');
