/**
 * access_denied      this process is not allowed to, or its credentials are not accepted
 * bucket_missing     there is no such bucket
 * content_corrupt    what arrived is not what was stored, or too large to be of a log
 * deadline_exceeded  the place did not answer in time
 * place_unavailable  the place cannot be reached, fails, or refuses for another reason
 */
export type ArchiveProblem =
  | 'access_denied'
  | 'bucket_missing'
  | 'content_corrupt'
  | 'deadline_exceeded'
  | 'place_unavailable';

/**
 * The archive did not do what it was asked. It names the place, the path and the kind of problem and nothing else: not the
 * error below it, because that one carries the request with its access token.
 */
export class ArchiveUnavailable extends Error {
  override readonly name = 'ArchiveUnavailable';
  readonly code: ArchiveProblem;

  constructor(problem: { readonly code: ArchiveProblem; readonly address: string; readonly detail: string }) {
    super(`${problem.address}: ${problem.detail}`);
    this.code = problem.code;
  }
}
