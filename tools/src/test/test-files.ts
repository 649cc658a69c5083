export type TestSuite = 'tidy' | 'unit' | 'db' | 'conformance';

/** The suite that a path belongs to, or undefined when it is no test file. Each test file belongs to exactly one. */
export function suiteOf(path: string): TestSuite | undefined {
  if (!path.endsWith('.test.ts')) return undefined;
  if (path.startsWith('conformance/')) return 'conformance';
  if (path.startsWith('tools/src/tidy/')) return 'tidy';
  return path.endsWith('.db.test.ts') ? 'db' : 'unit';
}

/** The files of a suite whose path contains one of the filters, or all of them when there is no filter. */
export function selectTestFiles(input: {
  readonly paths: readonly string[];
  readonly suite: TestSuite;
  readonly filters: readonly string[];
}): string[] {
  return input.paths
    .filter((path) => suiteOf(path) === input.suite)
    .filter((path) => input.filters.length === 0 || input.filters.some((filter) => path.includes(filter)));
}

/** Deals files to processes in turn, so that neighbours, which tend to take as long as each other, run side by side. */
export function dealFiles(files: readonly string[], processes: number): string[][] {
  return Array.from({ length: Math.min(processes, files.length) }, (_none, at) =>
    files.filter((_file, index) => index % processes === at),
  );
}
