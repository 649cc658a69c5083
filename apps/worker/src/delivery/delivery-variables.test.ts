import { expect, test } from 'bun:test';
import { readConfiguration } from '@karmanflow/runtime';
import { limits } from '@karmanflow/schema';
import { defaultRetrySchedule } from '@karmanflow/webhooks';
import { deliveryVariables } from './delivery-variables.ts';

function proxyOf(text: string): unknown {
  const read = readConfiguration(deliveryVariables, { KF_EGRESS_PROXY: text });
  return read.ok ? read.configuration.KF_EGRESS_PROXY : 'refused';
}

test('a proxy is an address and a port, and nothing else', () => {
  expect(proxyOf('http://10.0.0.7:3128')).toEqual({ address: '10.0.0.7', port: 3128 });
  expect(proxyOf('http://[fd00::7]:8080/')).toEqual({ address: 'fd00::7', port: 8080 });
  for (const text of [
    'http://proxy.internal:3128',
    'http://user:password@10.0.0.7:3128',
    'https://10.0.0.7:3128',
    'http://10.0.0.7',
    'http://10.0.0.7:0',
    'http://10.0.0.7:65536',
    'http://10.0.0.777:80',
    'http://10.0.0.7:80/path',
  ]) {
    expect(proxyOf(text)).toBe('refused');
  }
});

test('history is kept for a bounded number of days, longer than anything is tried', () => {
  const daysOf = (text: string): unknown => {
    const read = readConfiguration(deliveryVariables, { KF_WEBHOOK_HISTORY_DAYS: text });
    return read.ok ? read.configuration.KF_WEBHOOK_HISTORY_DAYS : 'refused';
  };
  expect(['', '5', '30', '3650'].map(daysOf)).toEqual([30, 5, 30, 3650]);
  for (const text of ['4', '0', '-5', '3651', '05', '5.5', '30d', '1e2', ' 30', '99999']) {
    expect([text, daysOf(text)]).toEqual([text, 'refused']);
  }
  const { delaysSeconds, jitterRatio } = defaultRetrySchedule;
  const longestDays = (delaysSeconds.reduce((sum, delay) => sum + delay, 0) * (1 + jitterRatio)) / 86_400;
  expect(limits.deliveryHistoryMinDays).toBeGreaterThan(longestDays + 1);
});
