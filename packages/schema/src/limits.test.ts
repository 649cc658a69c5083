import { describe, expect, test } from 'bun:test';
import { limits } from './limits.ts';

describe('the limits', () => {
  test('are whole numbers above zero, each with its unit at the end of its name', () => {
    const names = Object.keys(limits);
    expect(names.length).toBeGreaterThan(30);
    for (const [name, value] of Object.entries(limits)) {
      expect({ name, fits: Number.isSafeInteger(value) && value > 0 }).toEqual({ name, fits: true });
      expect(name).toMatch(/^[a-z][A-Za-z]+$/);
    }
  });

  test('of time stand in each other: lock, statement, transaction, command', () => {
    expect(limits.lockTimeoutMilliseconds).toBeLessThan(limits.statementTimeoutMilliseconds);
    expect(limits.statementTimeoutMilliseconds).toBeLessThan(limits.transactionTimeoutMilliseconds);
    expect(limits.idleInTransactionTimeoutMilliseconds).toBeLessThan(limits.transactionTimeoutMilliseconds);
    expect(limits.transactionTimeoutMilliseconds).toBeLessThan(limits.commandDeadlineMilliseconds);
    expect(limits.connectTimeoutMilliseconds).toBeLessThan(limits.commandDeadlineMilliseconds);
  });

  test('of holds leave room between them', () => {
    expect(limits.reservationHoldMinSeconds).toBeLessThanOrEqual(limits.reservationHoldDefaultSeconds);
    expect(limits.reservationHoldDefaultSeconds).toBeLessThanOrEqual(limits.reservationHoldMaxSeconds);
  });

  test('of queues and pages fit into each other', () => {
    expect(limits.batchCommands).toBeLessThanOrEqual(limits.queueCommandsPerScope);
    expect(limits.queueCommandsPerScope).toBeLessThan(limits.queueCommands);
    expect(limits.pageSizeDefault).toBeLessThanOrEqual(limits.pageSizeMax);
    expect(limits.lanesPerScope).toBeLessThan(limits.poolConnections);
  });

  test('of the history of deliveries fit into each other', () => {
    expect(limits.deliveryHistoryMinDays).toBeLessThanOrEqual(limits.deliveryHistoryDefaultDays);
    expect(limits.deliveryHistoryDefaultDays).toBeLessThanOrEqual(limits.deliveryHistoryMaxDays);
  });

  test('of a revoked key keep the promise of one second', () => {
    expect(limits.credentialCacheMilliseconds).toBeLessThan(1_000);
  });

  test('of quantities keep every sum of a reservation exact', () => {
    expect(Number.isSafeInteger(limits.quantityUnits * limits.reservationLines * limits.batchCommands)).toBe(true);
  });
});
