import type { RequestScope } from '../core/scope.js';

/** Told of an error that a framework was handed. `scope`: of its request; undefined: the current one. Never throws. */
export type HandledError = (scope: RequestScope | undefined, error: unknown) => void;
