import { verifyInbound } from '@karmanflow/webhooks';
import type { StoredMessage } from './quarantine/seal-message.ts';
import type { IngestSource } from './sources.ts';

/** Judges a message by the scheme and the secrets of its source, as of the time when it arrived. */
export function verifyStored(
  { scheme }: Pick<IngestSource, 'scheme'>,
  { stored, secrets }: { readonly stored: StoredMessage; readonly secrets: readonly string[] },
): ReturnType<typeof verifyInbound> {
  return verifyInbound({
    preset: scheme.preset,
    secrets,
    headers: stored.headers,
    rawBody: stored.body,
    nowSeconds: stored.receivedAtSeconds,
    method: 'POST',
    ...(scheme.registeredUrl === null ? {} : { url: scheme.registeredUrl }),
  });
}
