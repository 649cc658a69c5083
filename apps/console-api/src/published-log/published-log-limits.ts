/** Every bound of answering from the published logs. */
export interface PublishedLogLimits {
  /** How long a command waits for its proof when it is asked to; below the idle timeout of the server with what it takes itself. */
  readonly proofWaitMilliseconds: number;
  /** Between two looks at whether a checkpoint covers a receipt. */
  readonly proofPollMilliseconds: number;
  readonly waits: number;
  readonly waitsPerTenant: number;
  /** How long a checkpoint is given out before the database is asked again. */
  readonly checkpointMilliseconds: number;
  /** Checkpoints that are remembered for so long. */
  readonly checkpoints: number;
}

export const publishedLogLimits: PublishedLogLimits = {
  proofWaitMilliseconds: 5_000,
  proofPollMilliseconds: 100,
  waits: 256,
  waitsPerTenant: 64,
  checkpointMilliseconds: 1_000,
  checkpoints: 1_000,
};
