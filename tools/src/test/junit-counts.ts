/** What a JUnit report of `bun test` says, as far as the driver counts. */
export interface JunitCounts {
  readonly tests: number;
  readonly failures: number;
  readonly skipped: number;
  /** The files that reported at least one test, relative to the directory of the run. */
  readonly files: readonly string[];
}

const ROOT_ELEMENT = /<testsuites\b[^>]*>/;
const SUITE_FILE = /<testsuite\b[^>]*\bfile="([^"]+)"/g;

/**
 * Reads the counts of a report, or undefined when the text is not one.
 * Bun leaves a file out of its report when the file could not be loaded, and when it holds no test.
 */
export function readJunitCounts(xml: string): JunitCounts | undefined {
  const root = ROOT_ELEMENT.exec(xml)?.[0];
  if (root === undefined) return undefined;
  const tests = attribute({ element: root, name: 'tests' });
  const failures = attribute({ element: root, name: 'failures' });
  const skipped = attribute({ element: root, name: 'skipped' });
  if (tests === undefined || failures === undefined || skipped === undefined) return undefined;
  const files = [...new Set([...xml.matchAll(SUITE_FILE)].map((match) => match[1] ?? ''))];
  return { tests, failures, skipped, files };
}

function attribute(input: { readonly element: string; readonly name: string }): number | undefined {
  const value = new RegExp(`\\s${input.name}="(\\d+)"`).exec(input.element)?.[1];
  return value === undefined ? undefined : Number(value);
}
