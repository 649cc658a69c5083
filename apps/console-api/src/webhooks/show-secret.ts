import type { AnyCommand, Outcome } from '@karmanflow/commands';
import { webhook } from '@karmanflow/commands';
import { receiptDocument } from '@karmanflow/receipts';
import { isId } from '@karmanflow/schema';
import { deriveSubscriptionSecret, type WebhookMaster } from '@karmanflow/webhooks';

/** The commands whose first answer shows a secret. */
const showing: ReadonlySet<string> = new Set([webhook.createSubscription.type, webhook.rotateWebhookSecret.type]);

export function showsSecret({ type }: Pick<AnyCommand, 'type'>): boolean {
  return showing.has(type);
}

/**
 * The secret that a command has just given a subscription, `whsec_…`: beside what is stored, never in it. null for everything
 * else, and for a repeat: whoever has lost the first answer rotates again, so that a secret is told once.
 */
export function newSecretOf(
  master: WebhookMaster | null,
  { definition, outcome }: { readonly definition: AnyCommand; readonly outcome: Outcome },
): string | null {
  if (master === null || !showsSecret(definition)) return null;
  if (outcome.kind !== 'receipt' || outcome.replayed || outcome.receipt.status !== 'SUCCEEDED') return null;
  const { tenantId, environmentId } = receiptDocument(outcome.receipt).receipt;
  // Our own canonical bytes, in the form of the command's output.
  const { subscriptionId, secretVersion } = JSON.parse(
    Buffer.from(outcome.receipt.response ?? []).toString('utf8'),
  ) as {
    readonly subscriptionId: string;
    readonly secretVersion: number;
  };
  if (
    !isId('tenant', tenantId) ||
    !isId('environment', environmentId) ||
    !isId('webhookSubscription', subscriptionId)
  ) {
    throw new Error(`${definition.type} answered with ids of another kind`);
  }
  return deriveSubscriptionSecret({ master, tenantId, environmentId, subscriptionId, secretVersion });
}

/** The answer to the command, with the secret; nobody on the way keeps a copy. */
export async function withSecret(answer: Response, secret: string): Promise<Response> {
  const text = await answer.text();
  const headers = new Headers(answer.headers);
  headers.set('cache-control', 'no-store');
  const body = `${text.slice(0, -1)},"secret":${JSON.stringify(secret)}}`;
  return new Response(body, { status: answer.status, headers });
}
