import { describe, expect, test } from 'bun:test';

interface Ended {
  readonly exitCode: number;
  readonly milliseconds: number;
  readonly messages: readonly unknown[];
  readonly text: string;
}

/** Runs the sample process and sends it the signals, each as soon as the line before it in `when` was logged. */
async function run(plan: {
  readonly behaviour: string;
  readonly hardExitMilliseconds?: number;
  readonly signals?: readonly { readonly when: string; readonly signal: 'SIGTERM' | 'SIGINT' }[];
}): Promise<Ended> {
  const path = new URL('../testing/sample-process.ts', import.meta.url).pathname;
  const child = Bun.spawn([process.execPath, path, plan.behaviour, String(plan.hardExitMilliseconds ?? 9_000)], {
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const signals = [...(plan.signals ?? [])];
  const decoder = new TextDecoder();
  let text = '';
  let signalledAt = performance.now();
  for await (const chunk of child.stdout) {
    text += decoder.decode(chunk, { stream: true });
    while (signals[0] !== undefined && text.includes(`"message":"${signals[0].when}"`)) {
      child.kill(signals.shift()?.signal ?? 'SIGKILL');
      signalledAt = performance.now();
    }
  }
  await child.exited;
  const lines: Record<string, unknown>[] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return {
    exitCode: child.exitCode ?? -1,
    milliseconds: performance.now() - signalledAt,
    messages: lines.map((line) => line['message']),
    text: `${text}${await new Response(child.stderr).text()}`,
  };
}

describe('runProcess', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s stops once and exits with 0', async (signal) => {
    const ended = await run({ behaviour: 'normal', signals: [{ when: 'ready', signal }] });
    expect(ended.exitCode).toBe(0);
    expect(ended.messages).toEqual(['starting', 'started', 'ready', 'stopping', 'stop called', 'stopped']);
  });

  test('a stop that fails exits with 1 and says why', async () => {
    const ended = await run({ behaviour: 'stop_fails', signals: [{ when: 'ready', signal: 'SIGTERM' }] });
    expect(ended.exitCode).toBe(1);
    expect(ended.text).toContain('cannot stop');
    expect(ended.messages).not.toContain('stopped');
  });

  test('a stop that hangs ends at the hard exit with 1', async () => {
    const ended = await run({
      behaviour: 'stop_hangs',
      hardExitMilliseconds: 200,
      signals: [{ when: 'ready', signal: 'SIGTERM' }],
    });
    expect(ended.exitCode).toBe(1);
    expect(ended.messages.at(-1)).toBe('not stopped in time: exiting');
    expect(ended.milliseconds).toBeGreaterThan(150);
  });

  test('a second signal exits at once with 1, and stop is not called twice', async () => {
    const ended = await run({
      behaviour: 'stop_hangs',
      signals: [
        { when: 'ready', signal: 'SIGTERM' },
        { when: 'stop called', signal: 'SIGINT' },
      ],
    });
    expect(ended.exitCode).toBe(1);
    expect(ended.messages.filter((message) => message === 'stop called')).toHaveLength(1);
    expect(ended.messages.at(-1)).toBe('second signal: exiting at once');
  });

  test('a signal during the start stops after it', async () => {
    const ended = await run({ behaviour: 'start_slow', signals: [{ when: 'ready', signal: 'SIGTERM' }] });
    expect(ended.exitCode).toBe(0);
    expect(ended.messages.slice(0, 3)).toEqual(['starting', 'ready', 'stopping']);
    expect(ended.messages).toContain('stop called');
    expect(ended.messages.at(-1)).toBe('stopped');
  });

  test('a signal during a start that hangs ends at the hard exit', async () => {
    const ended = await run({
      behaviour: 'start_hangs',
      hardExitMilliseconds: 200,
      signals: [{ when: 'ready', signal: 'SIGTERM' }],
    });
    expect(ended.exitCode).toBe(1);
    expect(ended.messages.at(-1)).toBe('not stopped in time: exiting');
  });

  test.each([
    ['start_fails', 'the start failed', 'cannot start'],
    ['throws', 'an exception was not caught', 'out of nowhere'],
    ['rejects', 'a rejection was not handled', 'never awaited'],
  ])('%s is logged as fatal and exits with 1', async (behaviour, message, reason) => {
    const ended = await run({ behaviour });
    expect(ended.exitCode).toBe(1);
    expect(ended.messages.at(-1)).toBe(message);
    expect(ended.text).toContain('"severity":"CRITICAL"');
    expect(ended.text).toContain(reason);
  });
});
