/** Reads the last line of an output that says `N passed, N failed`, or undefined when none does. */
export function lastLineCounts(output: string): { readonly passed: number; readonly failed: number } | undefined {
  const match = [...output.matchAll(/^(\d+) passed, (\d+) failed\s*$/gm)].at(-1);
  return match === undefined ? undefined : { passed: Number(match[1]), failed: Number(match[2]) };
}
