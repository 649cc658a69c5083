export interface OrdinalRange {
  readonly from: number;
  readonly to: number;
}

/** Numbers as ranges without a hole, in order; both ends included. Repeated numbers count once. */
export function ordinalRanges(ordinals: readonly number[]): OrdinalRange[] {
  const ranges: { from: number; to: number }[] = [];
  for (const ordinal of ordinals.toSorted((one, other) => one - other)) {
    const last = ranges.at(-1);
    if (last && ordinal <= last.to + 1) last.to = ordinal;
    else ranges.push({ from: ordinal, to: ordinal });
  }
  return ranges;
}

/** What is missing between `after`, exclusive, and `through`, which is the last of the ordinals or behind it. */
export function missingRanges(
  ordinals: readonly number[],
  { after, through }: { readonly after: number; readonly through: number },
): OrdinalRange[] {
  const missing: OrdinalRange[] = [];
  let expected = after + 1;
  for (const { from, to } of ordinalRanges(ordinals)) {
    if (from > expected) missing.push({ from: expected, to: from - 1 });
    expected = Math.max(expected, to + 1);
  }
  if (through >= expected) missing.push({ from: expected, to: through });
  return missing;
}
