import type { SecretReference } from './secret-reference.ts';

/** A place that secrets are read from. The bytes belong to the caller, who may overwrite them after use. */
export interface SecretStore {
  /** Throws `SecretUnavailable`. */
  read(reference: SecretReference): Promise<Uint8Array>;
}

/** A store that secrets can be put into as well: the one of files, for development, tests and bootstrapping. */
export interface WritableSecretStore extends SecretStore {
  /** Replaces the secret as a whole: whoever reads at the same time sees the old or the new value. */
  write(reference: SecretReference, value: Uint8Array): Promise<void>;
}

/**
 * reference_invalid  the text is not a reference
 * not_found          there is no such secret or version
 * access_denied      the process is not allowed to read it, or its version is disabled or destroyed
 * store_unsafe       others can read or change what is stored, so it is not used
 * value_corrupt      what arrived is not what was stored, or too large
 * deadline_exceeded  the store did not answer in time
 * store_unavailable  the store cannot be reached or fails
 */
export type SecretProblem =
  | 'reference_invalid'
  | 'not_found'
  | 'access_denied'
  | 'store_unsafe'
  | 'value_corrupt'
  | 'deadline_exceeded'
  | 'store_unavailable';

/**
 * A secret that could not be read. It names the reference and the kind of problem and nothing else: neither the value nor
 * the text or cause of the error below it, because libraries quote what they could not parse.
 */
export class SecretUnavailable extends Error {
  override readonly name = 'SecretUnavailable';
  readonly code: SecretProblem;
  readonly reference: string;

  constructor(problem: { readonly code: SecretProblem; readonly reference: string; readonly detail: string }) {
    super(`${problem.reference}: ${problem.detail}`);
    this.code = problem.code;
    this.reference = problem.reference;
  }
}

/** For a text that is not a reference: it may be a secret that was put in the wrong place, so it is not repeated. */
export function invalidReference(): SecretUnavailable {
  return new SecretUnavailable({
    code: 'reference_invalid',
    reference: 'secrets://…',
    detail: 'not of the form secrets://<name> or secrets://<name>/<version>',
  });
}
