import { withClient } from '@karmanflow/schema/testing';
import type { Runner } from './runner.ts';
import { wrongReceipts } from './wrong-receipts.ts';
import { wrongRows } from './wrong-rows.ts';

/**
 * Compares what the callers of a contender were told with what its database holds, and adds what is wrong to its problems.
 * Returns how many receipts were checked against the published keys; only ours has any that could be.
 */
export async function verifyContender(runner: Runner): Promise<number> {
  const { contender, told } = runner;
  runner.addProblems(await withClient(contender.database.adminUrl, (admin) => wrongRows(admin, told)));
  const bodies = runner.takeBodies();
  if (contender.name !== 'ours') return 0;
  const answer = await fetch(`http://127.0.0.1:${contender.port}/.well-known/karmanflow/receipt-keys.json`);
  runner.addProblems(wrongReceipts({ keys: await answer.json(), bodies }));
  return bodies.length;
}
