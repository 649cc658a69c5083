import type { Logger } from '../logging/logger.ts';

export interface StopStep {
  readonly name: string;
  readonly stop: () => Promise<void>;
  /** After this the next step begins, whether or not this one has ended. */
  readonly deadlineMilliseconds: number;
}

/**
 * Stops the parts of a process one after the other, from what takes requests in to what they rest on. Each has its own
 * deadline and a failure does not keep the next from stopping. Throws at the end when a step failed or was late.
 */
export async function stopInOrder(steps: readonly StopStep[], logger: Logger): Promise<void> {
  const unclean: string[] = [];
  for (const step of steps) {
    const outcome = await endOf(step);
    if (outcome.ended) continue;
    unclean.push(step.name);
    logger.error({ step: step.name, ...outcome.reason }, 'a part did not stop cleanly');
  }
  if (unclean.length > 0) throw new Error(`not stopped cleanly: ${unclean.join(', ')}`);
}

type Outcome = { readonly ended: true } | { readonly ended: false; readonly reason: Readonly<Record<string, unknown>> };

async function endOf(step: StopStep): Promise<Outcome> {
  const { deadlineMilliseconds } = step;
  let timer: Timer | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve({ ended: false, reason: { deadlineMilliseconds } }), deadlineMilliseconds);
  });
  const stopped = attempt(step);
  const outcome = await Promise.race([stopped, late]);
  clearTimeout(timer);
  return outcome;
}

async function attempt(step: StopStep): Promise<Outcome> {
  try {
    await step.stop();
    return { ended: true };
  } catch (error) {
    return { ended: false, reason: { err: error } };
  }
}
