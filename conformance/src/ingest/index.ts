import type { Check } from '../harness/check.ts';
import { claims } from './claims.ts';
import { connectorPolicy } from './connector-policy.ts';
import type { IngestTarget } from './ingest-target.ts';
import { isolation } from './isolation.ts';
import { replayWindow } from './replay-window.ts';

export type { IngestTarget } from './ingest-target.ts';

/** What is tried on an ingest that is thrown away. */
export const ingestChecks: readonly Check<IngestTarget>[] = [replayWindow, claims, isolation, connectorPolicy];
