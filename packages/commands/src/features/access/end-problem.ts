/** Why something cannot end at `end`, with the range in which it could; null when it can. Both times RFC 3339 UTC. */
export function endProblem(
  end: string,
  range: { readonly now: string; readonly secondsMax: number },
): { readonly after: string; readonly atMost: string } | null {
  const atMost = new Date(Date.parse(range.now) + range.secondsMax * 1000).toISOString();
  return end > range.now && end <= atMost ? null : { after: range.now, atMost };
}
