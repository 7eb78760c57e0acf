/** The first point where the replay left the recording: data, never an exception. */
export interface Divergence {
  readonly where: 'timeline' | 'failure' | 'stub' | 'start';
  /** Number of the recorded event, where there is one. */
  readonly seq?: number;
  readonly summary: string;
  readonly recorded?: string;
  readonly replayed?: string;
}
