/** Waits for a condition, for tests: looks every few milliseconds, and throws with `what` at the deadline. */
export async function waitUntil(options: {
  readonly what: string;
  readonly condition: () => boolean | Promise<boolean>;
  readonly deadlineMilliseconds?: number;
}): Promise<void> {
  const deadline = performance.now() + (options.deadlineMilliseconds ?? 5_000);
  while (!(await options.condition())) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${options.what}`);
    await Bun.sleep(5);
  }
}
