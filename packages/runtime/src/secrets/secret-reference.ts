import { runtimeLimits } from '../runtime-limits.ts';

/** Where a secret is: `secrets://<name>` for its latest version, `secrets://<name>/<version>` for one that never changes. */
export type SecretReference = `secrets://${string}`;

export interface SecretAddress {
  /** Lower-case letters, digits, - and _, so that it is a safe name of a file and of a Google secret alike. */
  readonly name: string;
  /** Digits without leading zeros, or null for the latest. */
  readonly version: string | null;
}

const pattern = /^secrets:\/\/([a-z0-9][a-z0-9_-]*)(?:\/([1-9][0-9]{0,8}))?$/;

/** The parts of a reference, or null when it is not one. */
export function parseSecretReference(text: string): SecretAddress | null {
  const match = pattern.exec(text);
  const name = match?.[1];
  if (name === undefined || name.length > runtimeLimits.secretNameCharacters) return null;
  return { name, version: match?.[2] ?? null };
}

export function isSecretReference(text: string): text is SecretReference {
  return parseSecretReference(text) !== null;
}
