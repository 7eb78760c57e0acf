import type { ZodType } from 'zod';

/**
 * The shape that `z.object` must get for a hand-written type: every field of it, the optional ones too, and no other.
 * `z.object({ … } satisfies Fields<T>)` therefore fails to compile when type and schema part ways.
 */
export type Fields<T> = { readonly [K in keyof T]-?: ZodType<T[K]> };
