import { ingest, registry } from '@karmanflow/commands';
import { headerOf, type MessageWork } from '../message-work.ts';
import { type Arrival, authenticateMessage, databaseFailed, type ReceivePorts } from './authenticate-message.ts';

/**
 * What a message would become, asked by its own sender: authentic as a delivery is, and nothing is claimed, executed or held.
 * So the same message can be delivered afterwards.
 */
export async function answerPreview(ports: ReceivePorts, arrival: Arrival): Promise<Response> {
  const authenticated = await authenticateMessage(ports, arrival);
  if (!authenticated.ok) return authenticated.answer.response;
  try {
    return Response.json(await previewOf(authenticated.work, authenticated.hasId));
  } catch (error) {
    return databaseFailed(ports, arrival.identity, error).response;
  } finally {
    authenticated.leave();
  }
}

async function previewOf({ source, stored, ports }: MessageWork, hasId: boolean): Promise<ingest.MessagePreview> {
  const { mapping, caller: scope, ingestSourceId } = source;
  if (!hasId) return ingest.failedPreview('message_id_unreadable', ['the body has no id where its sender puts one']);
  if (mapping === null) return ingest.failedPreview('mapping_missing', ['nobody has said what messages become']);
  return ingest.previewMessage({
    database: ports.database,
    registry,
    source: { scope, ingestSourceId },
    mapping,
    message: { body: stored.body, header: (name) => headerOf(stored, name) },
  });
}
