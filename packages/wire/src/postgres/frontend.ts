/** What a Postgres client sends. `raw` is the whole message, for passing it on as it came. */
export type PgFrontendMessage =
  | { readonly type: 'ssl-request' | 'gss-request'; readonly raw: Buffer }
  | { readonly type: 'cancel'; readonly pid: number; readonly key: Buffer; readonly raw: Buffer }
  | { readonly type: 'startup'; readonly parameters: ReadonlyMap<string, string>; readonly raw: Buffer }
  | { readonly type: 'query'; readonly text: string; readonly raw: Buffer }
  | { readonly type: 'parse'; readonly name: string; readonly text: string; readonly types: readonly number[]; readonly raw: Buffer }
  | {
      readonly type: 'bind';
      readonly portal: string;
      readonly statement: string;
      readonly values: readonly (Buffer | null)[];
      readonly resultFormats: readonly number[];
      readonly raw: Buffer;
    }
  | { readonly type: 'describe'; readonly of: 'statement' | 'portal'; readonly name: string; readonly raw: Buffer }
  | { readonly type: 'close'; readonly of: 'statement' | 'portal'; readonly name: string; readonly raw: Buffer }
  | { readonly type: 'execute'; readonly portal: string; readonly maxRows: number; readonly raw: Buffer }
  | { readonly type: 'sync' | 'flush' | 'terminate' | 'password' | 'copy' | 'function-call'; readonly raw: Buffer };
