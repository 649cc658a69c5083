import { isSecretReference, type Logger, readSecretText, type SecretStore } from '@karmanflow/runtime';
import { parseWebhookSecret } from '@karmanflow/webhooks';
import type { IngestSource } from './sources.ts';

export interface SourceSecrets {
  readonly secrets: readonly string[];
  /** False when a secret could not be read or is not one: then a signature that does not match proves nothing. */
  readonly complete: boolean;
}

/** The secrets of a source, by its references. One that cannot be read is logged and left out. */
export async function readSourceSecrets(
  source: IngestSource,
  ports: { readonly secretStore: SecretStore; readonly logger: Logger },
): Promise<SourceSecrets> {
  const read = await Promise.all(source.secretRefs.map((reference) => readOne(reference, source, ports)));
  const secrets = read.filter((secret) => secret !== null);
  return { secrets, complete: secrets.length === read.length && read.length > 0 };
}

async function readOne(
  reference: string,
  { ingestSourceId }: IngestSource,
  { secretStore, logger }: { readonly secretStore: SecretStore; readonly logger: Logger },
): Promise<string | null> {
  if (!isSecretReference(reference)) {
    // Not repeated: what stands in place of a reference may be the secret itself.
    logger.error({ ingestSourceId }, 'an ingest source has something else than a secret reference');
    return null;
  }
  try {
    const text = await readSecretText(secretStore, reference);
    const parsed = parseWebhookSecret(text);
    if (parsed.ok) return text;
    logger.error({ ingestSourceId, reference, code: parsed.code }, 'a webhook secret is malformed');
  } catch (error) {
    logger.error({ err: error, ingestSourceId, reference }, 'a webhook secret could not be read');
  }
  return null;
}
