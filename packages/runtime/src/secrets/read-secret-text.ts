import type { SecretReference } from './secret-reference.ts';
import { type SecretStore, SecretUnavailable } from './secret-store.ts';

/**
 * A secret that is text, such as an address or a password: UTF-8, without the line feed that editors and shells add at
 * the end. Throws `SecretUnavailable`, also when it is empty or not text.
 */
export async function readSecretText(store: SecretStore, reference: SecretReference): Promise<string> {
  const value = await store.read(reference);
  const corrupt = (detail: string) => new SecretUnavailable({ code: 'value_corrupt', reference, detail });
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(value).replace(/\r?\n$/, '');
  } catch {
    throw corrupt('is not UTF-8 text');
  }
  if (text === '') throw corrupt('is empty');
  return text;
}
