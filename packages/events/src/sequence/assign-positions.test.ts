import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { assignPositions, type PendingTransaction, scopeName } from './assign-positions.ts';

const hash = new Uint8Array(32);
const receipts = fc.array(fc.record({ events: fc.nat(3) }), { maxLength: 4 });
const queues = fc
  .array(fc.record({ tenant: fc.nat(2), environment: fc.nat(1), receipts }), { maxLength: 20 })
  .map((rows) =>
    rows.map(({ tenant, environment, receipts: list }, position): PendingTransaction => ({
      tenantId: `t${tenant}`,
      environmentId: `e${environment}`,
      position: position * 3,
      receipts: list.map(({ events }, at) => ({
        id: `${position}.${at}`,
        leafHash: hash,
        writtenIn: String(position),
        eventIds: Array.from({ length: events }, (_, event) => `${position}.${at}.${event}`),
      })),
    })),
  );
const starts = fc.record({ leaves: fc.nat(1000), seqs: fc.nat(1000) });
const tenants = ['t0', 't1', 't2'];
const scopes = tenants.flatMap((tenantId) => ['e0', 'e1'].map((environmentId) => ({ tenantId, environmentId })));
const headsAt = (start: { leaves: number; seqs: number }) => ({
  leaves: new Map(tenants.map((tenant) => [tenant, start.leaves])),
  seqs: new Map(scopes.map((scope) => [scopeName(scope), start.seqs])),
});

describe('assignPositions', () => {
  test('gives every receipt and event one position, without a gap behind the heads', () => {
    fc.assert(
      fc.property(queues, starts, (queue, start) => {
        const { leaves, events } = assignPositions(queue, headsAt(start));
        expect(leaves.map(({ receiptId }) => receiptId)).toEqual(
          queue.flatMap((one) => one.receipts.map(({ id }) => id)),
        );
        for (const tenant of tenants) {
          const own = leaves.filter(({ tenantId }) => tenantId === tenant).map(({ leafIndex }) => leafIndex);
          expect(own).toEqual(own.map((_, at) => start.leaves + at));
        }
        for (const scope of scopes) {
          const own = events.filter((event) => scopeName(event) === scopeName(scope));
          expect(own.map(({ seq }) => seq)).toEqual(own.map((_, at) => start.seqs + at + 1));
          const wanted = queue
            .filter((one) => scopeName(one) === scopeName(scope))
            .flatMap((one) => one.receipts.flatMap(({ eventIds }) => eventIds));
          expect(own.map(({ eventId }) => eventId)).toEqual(wanted);
        }
      }),
    );
  });

  test('follows the queue, however its rows were handed over, and rounds of any size come to the same', () => {
    fc.assert(
      fc.property(queues, fc.nat(20), (queue, cut) => {
        const start = headsAt({ leaves: 0, seqs: 0 });
        const whole = assignPositions(queue, start);
        expect(assignPositions(queue.toReversed(), start)).toEqual(whole);
        const first = assignPositions(queue.slice(0, cut), start);
        const heads = {
          leaves: new Map(
            tenants.map((tenant) => [tenant, first.leaves.filter(({ tenantId }) => tenantId === tenant).length]),
          ),
          seqs: new Map(
            scopes.map((scope) => [
              scopeName(scope),
              first.events.filter((event) => scopeName(event) === scopeName(scope)).length,
            ]),
          ),
        };
        const second = assignPositions(queue.slice(cut), heads);
        expect([...first.leaves, ...second.leaves]).toEqual([...whole.leaves]);
        expect([...first.events, ...second.events]).toEqual([...whole.events]);
      }),
    );
  });

  test('throws where it does not know how far things are', () => {
    const [row] = fc.sample(queues, 50).find((queue) => queue[0]?.receipts.length) ?? [];
    if (!row) throw new Error('no sample has a receipt');
    expect(() => assignPositions([row], { leaves: new Map(), seqs: new Map() })).toThrow('no head');
  });
});
