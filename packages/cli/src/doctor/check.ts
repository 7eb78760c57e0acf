/** What a check has found. `missing` is a required part; `limited` one whose lack leaves something out. */
export type Finding =
  | { readonly status: 'ok'; readonly detail: string }
  | { readonly status: 'limited' | 'missing'; readonly detail: string; readonly fix: string };

export interface Check {
  readonly name: string;
  /** Why it may take long; said when it does. */
  readonly takes?: string;
  run(): Promise<Finding> | Finding;
}

export function ok(detail: string): Finding {
  return { status: 'ok', detail };
}

export function limited(detail: string, fix: string): Finding {
  return { status: 'limited', detail, fix };
}

export function missing(detail: string, fix: string): Finding {
  return { status: 'missing', detail, fix };
}
