import { withClient } from '@karmanflow/schema/testing';
import type { BenchDatabase, BenchWorld } from './bench-world.ts';
import { contenderNames, startOurs, startPeer } from './contender.ts';
import type { LoadGenerator } from './load-generator.ts';
import type { RowSizes } from './peers/rows-of-request.ts';
import { Runner } from './runner.ts';

/**
 * Starts every contender on a database of its own, ours first: peers store as many bytes as one reservation of ours did.
 * Each is added to `into` as soon as it runs, so that a start that fails leaves none behind unseen.
 */
export async function startRunners(options: {
  readonly world: BenchWorld;
  readonly load: LoadGenerator;
  readonly connections: number;
  readonly root: string | null;
  readonly into: Runner[];
}): Promise<void> {
  const { world, load, connections, root, into } = options;
  const database = await world.clone('kf_bench_ours');
  const ours = new Runner(await startOurs({ database, ...(root === null ? {} : { root }) }), { load, connections });
  into.push(ours);
  await ours.run({ milliseconds: 5000, variantIds: world.stock.variantIds.slice(0, 1), requestsMax: 1 });
  const copied = await copiedFrom(database);
  for (const name of contenderNames) {
    if (name === 'ours') continue;
    const peerDatabase = await world.clone(`kf_bench_${name.replace('-', '_')}`);
    const contender = await startPeer({ name, world, database: peerDatabase, ...copied });
    into.push(new Runner(contender, { load, connections }));
  }
}

/** The lengths of what a reservation of ours writes, and who wrote it. */
function copiedFrom(database: BenchDatabase): Promise<{ sizes: RowSizes; principalId: string }> {
  return withClient(database.adminUrl, async (admin) => {
    const { rows } = await admin.query<RowSizes & { principalId: string }>(`
      SELECT octet_length(r.body) AS "receiptBytes", octet_length(e.body) AS "eventBytes", r.actor_id AS "principalId"
      FROM kf.command_receipts AS r JOIN kf.domain_events AS e ON e.receipt_id = r.id
      WHERE r.command_type = 'reservation.create'`);
    const [row] = rows;
    if (!row) throw new Error('the first reservation left no receipt');
    const { receiptBytes, eventBytes, principalId } = row;
    return { sizes: { receiptBytes, eventBytes }, principalId };
  });
}
