/** What the load generator is told once. */
export interface LoadSetup {
  readonly kind: 'setup';
  readonly apiKey: string;
  readonly locationId: string;
}

/** One closed-loop run: each connection sends its next request when the answer to the last one is complete. */
export interface LoadRun {
  readonly kind: 'run';
  readonly port: number;
  readonly path: string;
  readonly connections: number;
  readonly milliseconds: number;
  /** Each request takes one of these. */
  readonly variantIds: readonly string[];
  /** Ends the run after this many requests, unless its time is over before. */
  readonly requestsMax?: number;
}

export interface LoadResult {
  readonly kind: 'result';
  /** Answers by status, also those that came in after the time was over. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Answers within the time, per second. */
  readonly perSecond: number;
  /** One for each answer in time, milliseconds. */
  readonly latencies: Float32Array;
  /** The first body that each connection received, for checks afterwards. */
  readonly bodies: readonly string[];
  /** The first body that came with a status other than 200 and 409. */
  readonly unexpected: string | null;
  /** Why the run failed: a connection that broke, or an answer that was not understood. */
  readonly failure: string | null;
}

export type LoadMessage = LoadSetup | LoadRun;
