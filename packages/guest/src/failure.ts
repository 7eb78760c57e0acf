import { DejaError } from '@deja/format';
import type { GuestFailure } from './protocol.js';

/** Something that keeps the agent from doing what the plan says; carries the application's last words. */
export class AgentError extends DejaError {
  readonly output: readonly string[] | undefined;

  constructor(code: `DEJA_${string}`, message: string, options: { readonly hint?: string; readonly cause?: unknown; readonly output?: readonly string[] } = {}) {
    super(code, message, options);
    this.name = 'AgentError';
    this.output = options.output;
  }
}

export function failureOf(error: unknown): GuestFailure {
  if (error instanceof DejaError) {
    const output = error instanceof AgentError ? error.output : undefined;
    return { code: error.code, message: error.message, ...(error.hint !== undefined && { hint: error.hint }), ...(output && { output }) };
  }
  return { code: 'DEJA_AGENT_FAILED', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
