import { generateWebhookSecret, signWebhook, verifyWebhook } from '@karmanflow/webhooks';

interface Effects {
  readonly nowSeconds: number;
  readonly randomBytes: (size: number) => Uint8Array;
}

/** A sender in the middle of a rotation, and a receiver who still knows the old secret only. */
export function deliverOnce({ nowSeconds, randomBytes }: Effects) {
  const oldSecret = generateWebhookSecret(randomBytes);
  const newSecret = generateWebhookSecret(randomBytes);

  const body = new TextEncoder().encode('{"type":"stock.level.changed","data":{"available":5}}');
  const signed = signWebhook({
    secrets: [newSecret, oldSecret],
    messageId: 'msg_0192f0c1',
    timestampSeconds: nowSeconds,
    body,
  });

  const request = { secrets: [oldSecret], headers: new Headers({ ...signed }), nowSeconds };
  const altered = new TextEncoder().encode('{"type":"stock.level.changed","data":{"available":6}}');
  return {
    accepted: verifyWebhook({ ...request, body }),
    altered: verifyWebhook({ ...request, body: altered }),
    replayedLater: verifyWebhook({ ...request, body, nowSeconds: nowSeconds + 301 }),
  };
}
