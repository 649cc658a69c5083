const instantPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/**
 * The Unix time in milliseconds of an RFC 3339 UTC instant with exactly three fractional digits, the one form that
 * receipts and key sets use. Null for every other text, and for dates that no calendar has (30 February, second 60).
 */
export function instantMilliseconds(text: unknown): number | null {
  if (typeof text !== 'string' || !instantPattern.test(text)) return null;
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) return null;
  return new Date(milliseconds).toISOString() === text ? milliseconds : null;
}
