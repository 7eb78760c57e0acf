export type * from './divergence.js';
export type * from './plan.js';
