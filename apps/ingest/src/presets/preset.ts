import type { WebhookHeaderPairs } from '@karmanflow/webhooks';

/** A message as it arrived, and what is needed to judge whether its source signed it. */
export interface SignedMessage {
  /** At least one. */
  readonly secrets: readonly string[];
  readonly headers: WebhookHeaderPairs;
  /** The raw bytes, before any decoding. */
  readonly body: Uint8Array;
  readonly nowSeconds: number;
  readonly toleranceSeconds: number;
}

export type Verification =
  /** `messageId` is covered by the signature: the same on each delivery of one message. */
  | { readonly ok: true; readonly messageId: string }
  /** `code` is for the log alone: the sender learns that the signature does not verify, and nothing else. */
  | { readonly ok: false; readonly code: string };

/** How one family of senders signs. Which one applies is what the source says, never what the request says. */
export interface Preset {
  readonly name: string;
  /** Nothing in the request makes it throw. */
  readonly verify: (message: SignedMessage) => Verification;
}
