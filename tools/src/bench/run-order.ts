/**
 * The order of the measured runs: forwards, then backwards, and so on (A B B A), so that a machine that slows down or
 * speeds up meanwhile does so for everybody. A contender with fewer repeats sits out the later rounds.
 */
export function runOrder<Name>(contenders: readonly { readonly name: Name; readonly repeats: number }[]): Name[] {
  const rounds = Math.max(0, ...contenders.map(({ repeats }) => repeats));
  return Array.from({ length: rounds }, (_, round) => {
    const running = contenders.filter(({ repeats }) => round < repeats).map(({ name }) => name);
    return round % 2 === 0 ? running : running.toReversed();
  }).flat();
}
