import { verifyInbound, verifySignedMessage } from '@karmanflow/webhooks';
import type { StoredMessage } from './quarantine/seal-message.ts';
import type { IngestSource } from './sources.ts';

/** The method that the route of messages accepts. */
const method = 'POST';

/** Judges a message by the scheme and the secrets of its source, as of the time when it arrived. */
export function verifyStored(
  { scheme }: Pick<IngestSource, 'scheme'>,
  { stored, secrets }: { readonly stored: StoredMessage; readonly secrets: readonly string[] },
): ReturnType<typeof verifySignedMessage> | ReturnType<typeof verifyInbound> {
  const { headers, body: rawBody, receivedAtSeconds: nowSeconds } = stored;
  if (scheme.kind === 'http-signature') {
    const { preset, registeredUrl: url } = scheme;
    return verifySignedMessage({ preset, keys: secrets, headers, rawBody, nowSeconds, method, url });
  }
  const { preset, registeredUrl } = scheme;
  const url = registeredUrl === null ? {} : { url: registeredUrl };
  return verifyInbound({ preset, secrets, headers, rawBody, nowSeconds, method, ...url });
}
