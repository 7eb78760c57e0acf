/** JSON that somebody else wrote: looked at member by member, and of any shape. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Undefined where there is no such member. */
export function member(json: Json | undefined, name: string): Json | undefined {
  return typeof json === 'object' && json !== null && !Array.isArray(json) && Object.hasOwn(json, name) ? (json as { readonly [name: string]: Json })[name] : undefined;
}

export function text(json: Json | undefined, name: string): string | undefined {
  const value = member(json, name);
  return typeof value === 'string' ? value : undefined;
}

/** Empty where there is no such list. */
export function list(json: Json | undefined, name: string): readonly Json[] {
  const value = member(json, name);
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

export function texts(json: Json | undefined, name: string): readonly string[] {
  return list(json, name).filter((each) => typeof each === 'string');
}
