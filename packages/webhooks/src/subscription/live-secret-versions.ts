/** The versions of a subscription's secret, as its entity has them. */
export interface SecretVersions {
  readonly secretVersion: number;
  /** The oldest version that still signs; null when there is only the current one. */
  readonly retiringVersion: number | null;
  /** RFC 3339: until then the versions before the current one sign as well. */
  readonly retiringUntil: string | null;
}

/** The versions that sign now, the newest first. A receiver who knows any of them accepts the message. */
export function liveSecretVersions(versions: SecretVersions, nowMilliseconds: number): readonly number[] {
  const { secretVersion, retiringVersion, retiringUntil } = versions;
  const isOverlap = retiringVersion !== null && retiringUntil !== null && nowMilliseconds < Date.parse(retiringUntil);
  const oldest = isOverlap ? retiringVersion : secretVersion;
  return Array.from({ length: secretVersion - oldest + 1 }, (_, at) => secretVersion - at);
}
