import { describe, expect, test } from 'bun:test';
import { createLogger } from '../logging/create-logger.ts';
import { captureLog } from '../testing/capture-log.ts';
import { type StopStep, stopInOrder } from './stop-in-order.ts';

function steps(deadlineMilliseconds = 50) {
  const stopped: string[] = [];
  const capture = captureLog();
  const logger = createLogger({ app: 'sample', level: 'info', destination: capture.destination });
  const step = (name: string, stop: () => Promise<void> = () => Promise.resolve()): StopStep => ({
    name,
    deadlineMilliseconds,
    stop: async () => {
      await stop();
      stopped.push(name);
    },
  });
  return { stopped, capture, logger, step };
}

describe('stopInOrder', () => {
  test('stops one part after the other', async () => {
    const { stopped, logger, step } = steps(60_000);
    await stopInOrder(
      [step('http', () => Bun.sleep(10)), step('executor', () => Bun.sleep(5)), step('database')],
      logger,
    );
    expect(stopped).toEqual(['http', 'executor', 'database']);
  });

  test('goes on after a part that fails or is late, and says so at the end', async () => {
    const { stopped, capture, logger, step } = steps();
    const list = [
      step('http', () => Promise.reject(new Error('broken'))),
      step('executor', () => Promise.withResolvers<void>().promise),
      step('database'),
    ];
    await expect(stopInOrder(list, logger)).rejects.toThrow('not stopped cleanly: http, executor');
    expect(stopped).toEqual(['database']);
    expect(capture.lines()).toMatchObject([
      { step: 'http', err: { message: 'broken' } },
      { step: 'executor', deadlineMilliseconds: 50 },
    ]);
  });

  test('a stop that throws at once is a failure like any other', async () => {
    const { stopped, logger, step } = steps();
    const throwing: StopStep = {
      name: 'throwing',
      deadlineMilliseconds: 50,
      stop: () => {
        throw new Error('at once');
      },
    };
    await expect(stopInOrder([throwing, step('last')], logger)).rejects.toThrow('throwing');
    expect(stopped).toEqual(['last']);
  });
});
