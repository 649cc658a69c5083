import { hkdfSync } from 'node:crypto';
import { type Id, type Scope, toUuid } from '@karmanflow/schema';
import { decodeCanonicalBase64 } from '../canonical-base64.ts';
import { webhookSecretPrefix } from '../webhook-secret.ts';
import { signingKeyOfSeed, type WebhookSigningKey } from '../webhook-signing-key.ts';

/** 32 random bytes, from which every secret of every subscription follows. It never leaves the process. */
export type WebhookMaster = Uint8Array;

export interface SubscriptionSecretInput extends Scope {
  readonly master: WebhookMaster;
  readonly subscriptionId: Id<'webhookSubscription'>;
  /** 1 for the first one; rotation counts on. */
  readonly secretVersion: number;
}

const masterBytes = 32;
const derivedBytes = 32;

/** Reads the master as it is kept: the base64 of 32 bytes. Throws, without showing it, for anything else. */
export function requireWebhookMaster(text: string): WebhookMaster {
  const bytes = decodeCanonicalBase64(text.trim());
  if (bytes?.length !== masterBytes) throw new TypeError(`A webhook master is the base64 of ${masterBytes} bytes.`);
  return bytes;
}

/**
 * The HMAC secret of a subscription, `whsec_…` with 32 bytes. Derived by HKDF-SHA-256 (RFC 5869) and not stored: nothing
 * secret is in the database, and nothing is lost with a crash between making a secret and writing it down.
 */
export function deriveSubscriptionSecret(input: SubscriptionSecretInput): string {
  return webhookSecretPrefix + Buffer.from(derive(input, 'hmac-sha256')).toString('base64');
}

/** The Ed25519 key pair of a subscription for version v1a, from the same master under another name. */
export function deriveSubscriptionSigningKey(input: SubscriptionSecretInput): WebhookSigningKey {
  return signingKeyOfSeed(derive(input, 'ed25519'));
}

/** Tenant and environment are the salt, fixed in length; what follows in the info has one reading each. */
function derive(input: SubscriptionSecretInput, purpose: 'hmac-sha256' | 'ed25519'): Uint8Array {
  const { master, secretVersion } = input;
  if (master.length !== masterBytes) throw new TypeError(`A webhook master has ${masterBytes} bytes.`);
  if (!Number.isSafeInteger(secretVersion) || secretVersion < 1) {
    throw new RangeError('The version of a webhook secret is a whole number from 1.');
  }
  const salt = Buffer.from(`${toUuid(input.tenantId)}${toUuid(input.environmentId)}`.replaceAll('-', ''), 'hex');
  const info = `karmanflow/webhook/${purpose}/${toUuid(input.subscriptionId)}/${secretVersion}`;
  return new Uint8Array(hkdfSync('sha256', master, salt, info, derivedBytes));
}
