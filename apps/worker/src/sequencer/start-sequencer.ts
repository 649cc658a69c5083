import { setTimeout as wait } from 'node:timers/promises';
import { lead, readBacklog } from '@karmanflow/events';
import type { Archive } from '@karmanflow/receipts';
import type { Logger, Metrics } from '@karmanflow/runtime';
import type { Database } from '@karmanflow/schema';
import type { CheckpointSigner } from './checkpoint-signer.ts';
import { createPublisher } from './create-publisher.ts';
import { createLogTrees } from './log-trees.ts';
import type { PublishPorts } from './publish-decision.ts';
import { runTerm } from './run-term.ts';
import { sequencerLimits } from './sequencer-limits.ts';
import { createSequencerMetrics } from './sequencer-metrics.ts';
import { tellOfWitnesses } from './tell-of-witnesses.ts';
import type { WitnessSettings } from './witness-settings.ts';
import { createWitnesses } from './witnesses.ts';

/** Where checkpoints are published, and by whom they are signed. */
export interface LogSettings {
  /** Origins begin with it: a domain name. */
  readonly host: string;
  readonly archive: Archive;
  /** Opened anew for each term, so that a new leader remembers what the one before signed. */
  readonly openSigner: () => Promise<CheckpointSigner>;
  /** Null where no witnesses are named. */
  readonly witnessing: WitnessSettings | null;
}

export interface SequencerOptions {
  /** Opened as kf_sequencer, with `sequencerLimits.connections`; closed by who opened it. */
  readonly database: Database;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly monotonicNow: () => number;
  /** A UUID: which process leads stands beside each term. */
  readonly leaderId: string;
  /** Null where the order of events is all that is wanted. */
  readonly log: LogSettings | null;
}

export interface Sequencer {
  /** Gives the lead back and resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

/** Leads whenever nobody else does, and looks after how much waits in either case. */
export function startSequencer(options: SequencerOptions): Sequencer {
  const { database, logger } = options;
  const named = options.log?.witnessing?.witnesses.map(({ key }) => key.name) ?? [];
  const metrics = createSequencerMetrics(options.metrics, named);
  const stopping = new AbortController();
  const { signal } = stopping;
  const rest = async (milliseconds: number): Promise<void> => {
    await wait(milliseconds, undefined, { signal }).catch(() => undefined);
  };

  async function leadOnce(): Promise<void> {
    const led = await lead(database, {
      leaderId: options.leaderId,
      async work(term) {
        const { epoch } = term;
        metrics.leading(true);
        logger.info({ epoch }, 'this process gives the positions now');
        const signer = options.log && lazySigner(options.log.openSigner);
        try {
          const publisher =
            options.log &&
            signer &&
            createPublisher({
              ...options.log,
              epoch,
              signer: signer.open,
              trees: createLogTrees(options.log.host),
              witnessing: witnessingOf(options.log),
            });
          await runTerm(term, { database, logger, metrics, monotonicNow: options.monotonicNow, publisher }, signal);
        } finally {
          metrics.leading(false);
          await signer?.close();
        }
      },
    });
    if (led) logger.info({ leaderId: options.leaderId }, 'this process gives no positions any more');
  }

  /** Anew for each term: what the witnesses have cosigned since, they say when they are asked. */
  function witnessingOf({ archive, witnessing }: LogSettings): PublishPorts['witnessing'] {
    if (witnessing === null) return null;
    const { witnesses, quorum, withoutQuorum } = witnessing;
    return {
      witnesses: createWitnesses({ witnesses, quorum, archive, monotonicNow: options.monotonicNow }),
      withoutQuorum,
      tell: tellOfWitnesses({ logger, metrics }),
    };
  }

  async function candidate(): Promise<void> {
    while (!signal.aborted) {
      await leadOnce().catch((error: unknown) => logger.error({ err: error }, 'the term of this sequencer ended'));
      await rest(sequencerLimits.candidateIntervalMilliseconds);
    }
  }

  async function watch(): Promise<void> {
    while (!signal.aborted) {
      await database
        .connection(readBacklog)
        .then(metrics.backlog, (error: unknown) => logger.debug({ err: error }, 'how much waits could not be read'));
      await rest(sequencerLimits.backlogIntervalMilliseconds);
    }
  }

  const ended = Promise.all([candidate(), watch()]);
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

interface LazySigner {
  open(): Promise<PublishPorts['signer']>;
  close(): Promise<void>;
}

/** Opens the signer when it is needed, and anew after it failed to write: only its file knows then what it signed. */
function lazySigner(openSigner: () => Promise<CheckpointSigner>): LazySigner {
  let opened: CheckpointSigner | null = null;
  async function close(): Promise<void> {
    const closing = opened;
    opened = null;
    await closing?.close();
  }
  return {
    close,
    async open() {
      const signer = (opened ??= await openSigner());
      return {
        remembered: (origin) => signer.remembered(origin),
        sign: (requests) =>
          signer.sign(requests).catch(async (error: unknown) => {
            await close().catch(() => undefined);
            throw error;
          }),
      };
    },
  };
}
