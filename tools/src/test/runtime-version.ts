/**
 * Says what to do when this is not the runtime that the repository is pinned to, or undefined when it is.
 * `packageManager` is the field of the root package.json, `bun@<version>`.
 */
export function runtimeProblem(input: {
  readonly packageManager: string | undefined;
  readonly bunVersion: string | undefined;
  readonly nodeVersion: string;
}): string | undefined {
  const expected = /^bun@(\d+\.\d+\.\d+)$/.exec(input.packageManager ?? '')?.[1];
  if (expected === undefined) return 'package.json names no exact version of Bun in packageManager';
  if (input.bunVersion === expected) return undefined;
  const actual = input.bunVersion === undefined ? `Node ${input.nodeVersion}` : `Bun ${input.bunVersion}`;
  return `this is ${actual}, and the repository runs on Bun ${expected}: npx -y bun@${expected} run test`;
}
