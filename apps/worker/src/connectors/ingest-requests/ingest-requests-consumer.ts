import { access } from '@karmanflow/commands';
import { type ConsumerDefinition, defineConsumer, NotNow, type StreamEvent } from '@karmanflow/events';
import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { connectorLimits } from '../connector-limits.ts';

const asked = v.object({ ingestSourceId: idShape('ingestSource') });

/**
 * Tells ingest that people have asked for something about a message that it holds. Ingest alone can carry that out, and looks
 * when the source sends again, which may be in days. Ingest asks the database what it is, so telling it twice, or late,
 * does no harm; while it does not answer, the stream waits.
 *
 * @param ingestUrl Origin of ingest, without a slash at its end.
 */
export function createIngestRequestsConsumer({ ingestUrl }: { readonly ingestUrl: string }): ConsumerDefinition {
  return defineConsumer({
    name: 'ingest_requests',
    filters: {
      types: ['ingest.message.check_requested', 'ingest.message.trial_requested', 'ingest.message.release_requested'],
    },
    onPoison: 'continue',
    async sideEffect({ events, signal }) {
      for (const address of new Set(events.map(addressOf)))
        await tell(`${ingestUrl}/v1/ingest/${address}/requests`, signal);
    },
  });
}

function addressOf({ event }: StreamEvent): string {
  const { ingestSourceId } = v.parse(asked, event.data);
  return access.formatIngestAddress({ tenantId: v.parse(idShape('tenant'), event.tenantId), ingestSourceId });
}

async function tell(url: string, stop: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(connectorLimits.ingestDeadlineMilliseconds)]);
  const answer = await fetch(url, { method: 'POST', redirect: 'error', signal }).catch((error: unknown) => {
    throw new NotNow('ingest does not answer', { cause: error });
  });
  await answer.body?.cancel();
  if (answer.status !== 202) throw new NotNow(`ingest answers ${answer.status}`);
}
