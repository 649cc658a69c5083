import { ingest } from '@karmanflow/commands';
import type { Database } from '@karmanflow/schema';
import { ingestLimits } from './ingest-limits.ts';
import type { IngestSource } from './sources.ts';

export interface MessageLookUps {
  /** What has to be known of a message before it becomes a command, as of now or later. Throws as the database does. */
  find(
    source: Pick<IngestSource, 'caller' | 'ingestSourceId'>,
    message: ingest.MessageToLookUp,
  ): Promise<ingest.MessageLookUp>;
}

interface Asked {
  readonly message: ingest.MessageToLookUp;
  readonly answer: PromiseWithResolvers<ingest.MessageLookUp>;
}

/**
 * Messages of one source are looked up together. No timers: a source that is idle is looked up for at once, and what arrives
 * while that is under way forms the next look-up. So a busy source takes one connection, and many messages one round trip.
 */
export function createMessageLookUps(database: Database): MessageLookUps {
  const queues = new Map<string, Asked[]>();

  async function run(name: string, queue: Asked[], source: Parameters<typeof ingest.lookUpMessages>[1]): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.splice(0, ingestLimits.messagesLookedUpAtOnce);
      try {
        const messages = batch.map(({ message }) => message);
        const found = await ingest.lookUpMessages(database, source, messages);
        batch.forEach(({ answer }, at) => {
          const one = found[at];
          if (one) answer.resolve(one);
          else answer.reject(new Error('a message was not looked up'));
        });
      } catch (error) {
        for (const { answer } of batch) answer.reject(error);
      }
    }
    queues.delete(name);
  }

  return {
    find({ caller: scope, ingestSourceId }, message) {
      const name = `${scope.tenantId} ${scope.environmentId} ${ingestSourceId}`;
      const asked = { message, answer: Promise.withResolvers<ingest.MessageLookUp>() };
      const queue = queues.get(name);
      if (queue) {
        queue.push(asked);
      } else {
        const first = [asked];
        queues.set(name, first);
        void run(name, first, { scope, ingestSourceId });
      }
      return asked.answer.promise;
    },
  };
}
