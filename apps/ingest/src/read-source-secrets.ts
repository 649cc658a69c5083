import { isSecretReference, type Logger, readSecretText, type SecretStore } from '@karmanflow/runtime';
import { inboundLimits, parseHttpSignatureKey, parseInboundSecret } from '@karmanflow/webhooks';
import type { SourceScheme } from './source-preset.ts';
import type { IngestSource } from './sources.ts';

export interface SourceSecrets {
  readonly secrets: readonly string[];
  /** False when a secret could not be read or is not one: then a signature that does not match proves nothing. */
  readonly complete: boolean;
}

type SecretPorts = { readonly secretStore: SecretStore; readonly logger: Logger };

/** The live secrets, or public keys, of a source, by its references. One that cannot be read is logged and left out. */
export async function readSourceSecrets(source: IngestSource, ports: SecretPorts): Promise<SourceSecrets> {
  const references = source.secretRefs.slice(0, inboundLimits.secretsMax);
  const read = await Promise.all(references.map((reference) => readOne(reference, { source, ports })));
  const secrets = read.filter((secret) => secret !== null);
  return { secrets, complete: secrets.length === source.secretRefs.length && secrets.length > 0 };
}

async function readOne(
  reference: string,
  use: { readonly source: IngestSource; readonly ports: SecretPorts },
): Promise<string | null> {
  const { secretStore, logger } = use.ports;
  const { ingestSourceId, scheme } = use.source;
  if (!isSecretReference(reference)) {
    // Not repeated: what stands in place of a reference may be the secret itself.
    logger.error({ ingestSourceId }, 'an ingest source has something else than a secret reference');
    return null;
  }
  try {
    const text = await readSecretText(secretStore, reference);
    const parsed = parseAs(scheme, text);
    if (parsed.ok) return text;
    logger.error({ ingestSourceId, reference, code: parsed.code }, 'a webhook secret is malformed');
  } catch (error) {
    logger.error({ err: error, ingestSourceId, reference }, 'a webhook secret could not be read');
  }
  return null;
}

function parseAs(scheme: SourceScheme, text: string): { readonly ok: true } | { readonly ok: false; code: string } {
  if (scheme.kind === 'http-signature') return parseHttpSignatureKey(text);
  return parseInboundSecret({ preset: scheme.preset, text });
}
