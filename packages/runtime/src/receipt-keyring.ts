import {
  createReceiptSigner,
  formatKeySet,
  type KeySetDocument,
  parseKeySet,
  type PublishedKey,
  type ReceiptSigner,
} from '@karmanflow/receipts';
import { timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import type { SecretStore } from './secrets/secret-store.ts';
import type { SecretReference } from './secrets/secret-reference.ts';

/** The key that signs receipts, and every public key that ever did, as they are published. */
export interface ReceiptKeyring {
  readonly signer: ReceiptSigner;
  readonly keySet: KeySetDocument;
}

const keyringShape = v.strictObject({
  current: v.strictObject({ seed: v.pipe(v.string(), v.base64()), notBefore: timestampShape }),
  retired: v.array(v.strictObject({ publicJwk: v.unknown(), notBefore: timestampShape, notAfter: timestampShape })),
});

const seedBytes = 32;

/** The JSON text of a new keyring. `seed` is 32 random bytes, `notBefore` the instant from which it signs. */
export function formatReceiptKeyring(options: { seed: Uint8Array; notBefore: string }): string {
  const { seed, notBefore } = options;
  return JSON.stringify({ current: { seed: Buffer.from(seed).toString('base64'), notBefore }, retired: [] });
}

/** Reads the keyring from the secret store. Throws when it is missing or malformed: without it nothing can be signed. */
export async function loadReceiptKeyring(store: SecretStore, reference: SecretReference): Promise<ReceiptKeyring> {
  const text = new TextDecoder().decode(await store.read(reference));
  const parsed = v.safeParse(keyringShape, parseJson(text));
  // Never the content in the message: it holds the signing key.
  if (!parsed.success) throw new Error(`${reference} is not a receipt keyring`);
  const { current, retired } = parsed.output;
  const seed = Buffer.from(current.seed, 'base64');
  if (seed.length !== seedBytes) throw new Error(`${reference}: the seed does not have ${seedBytes} bytes`);
  const signer = createReceiptSigner({ privateKey: seed });
  // formatKeySet checks every key, so what was parsed loosely here is refused there.
  const keySet = formatKeySet([
    { publicJwk: signer.publicJwk, notBefore: current.notBefore, notAfter: null },
    ...(retired as PublishedKey[]),
  ]);
  const published = parseKeySet(keySet);
  if (!published.ok) throw new Error(`${reference}: ${published.detail}`);
  return { signer, keySet };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
