import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';

/** The name under which the receiver keeps what it was told when its subscription was made. */
export const receiverSecretName = 'demo-receiver';

const secretShape = v.strictObject({ subscriptionId: idShape('webhookSubscription'), secret: v.string() });

/** A subscription, and the secret by which its deliveries are known. */
export type ReceiverSecret = v.InferOutput<typeof secretShape>;

export function formatReceiverSecret({ subscriptionId, secret }: ReceiverSecret): string {
  return JSON.stringify({ subscriptionId, secret });
}

/** Null for anything that is none. */
export function parseReceiverSecret(text: string): ReceiverSecret | null {
  try {
    const parsed = v.safeParse(secretShape, JSON.parse(text));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}
