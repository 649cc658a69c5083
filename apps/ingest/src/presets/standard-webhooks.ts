import { verifyWebhook, webhookLimits } from '@karmanflow/webhooks';
import type { Preset } from './preset.ts';

/** Standard Webhooks v1: `webhook-id`, `webhook-timestamp` and `webhook-signature` over `id.timestamp.body`. */
export const standardWebhooks: Preset = {
  name: 'standard-webhooks',
  verify: ({ secrets, toleranceSeconds, ...message }) => {
    const verified = verifyWebhook({
      ...message,
      // Bounds of the package, beyond which it throws: what the database holds must not stop the process.
      secrets: secrets.slice(0, webhookLimits.secretsMax),
      toleranceSeconds: Math.min(toleranceSeconds, webhookLimits.toleranceMaxSeconds),
    });
    return verified.ok ? { ok: true, messageId: verified.messageId } : { ok: false, code: verified.code };
  },
};
