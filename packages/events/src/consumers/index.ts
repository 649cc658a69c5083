export { consumerLimits } from './consumer-limits.ts';
export {
  type ConsumerLag,
  type ConsumerObserver,
  type ConsumerRunner,
  type ConsumerRunnerOptions,
  createConsumerRunner,
} from './create-consumer-runner.ts';
export {
  type ConsumerDefinition,
  defineConsumer,
  type EffectCall,
  NotNow,
  type Projection,
  type ProjectionTransaction,
  type SideEffect,
  type TrackName,
} from './define-consumer.ts';
export {
  type OperationResult,
  pauseConsumer,
  resumeConsumer,
  retryParked,
  rewindConsumer,
  type TrackChoice,
} from './operate-consumer.ts';
export type { ParkedState } from './parked-statements.ts';
export { type ParkedStatus, readParked, readTracks, type TrackStatus } from './read-consumers.ts';
export type { TrackKey } from './track-statements.ts';
export type { ParkedEvent } from './visit-track.ts';
