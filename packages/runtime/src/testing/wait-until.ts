/** Waits for a condition, for tests: looks every few milliseconds, and throws with `what` at the deadline. A ceiling, and no claim of speed:
 * a machine may stand still for seconds. */
export async function waitUntil(options: {
  readonly what: string;
  readonly condition: () => boolean | Promise<boolean>;
  readonly deadlineMilliseconds?: number;
}): Promise<void> {
  const deadline = performance.now() + (options.deadlineMilliseconds ?? 60_000);
  while (!(await options.condition())) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${options.what}`);
    await Bun.sleep(5);
  }
}
