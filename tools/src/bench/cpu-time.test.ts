import { expect, test } from 'bun:test';
import { machineTimeIn } from './cpu-time.ts';

test('the time of a machine is told apart from what its host kept', () => {
  //             user nice system idle iowait irq softirq steal guest guest_nice
  const text = 'cpu  100 20 30 4000 500 6 7 88 9 1\ncpu0 1 1 1 1 1 1 1 1 1 1\n';
  expect(machineTimeIn(text)).toEqual({ worked: 1_630_000, stolen: 880_000 });
});
