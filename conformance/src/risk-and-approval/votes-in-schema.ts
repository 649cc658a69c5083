import { attackCheck } from '../attacks/attack-check.ts';
import type { Check } from '../harness/check.ts';
import { sabotage } from '../harness/sabotage.ts';
import { asRole, type Outcome } from '../harness/session.ts';
import type { SeedRow } from '../world/row-of.ts';
import { insertOf, qualified } from '../world/statements.ts';
import { issueReceipt, newRow } from '../world/world.ts';

const role = 'kf_command';
const table = 'approval_votes';

export const votesInSchema: Check = attackCheck({
  id: 'risk-and-approval.votes-in-schema',
  claim:
    'The tables themselves have no room for a second vote of one human, for a vote on one’s own request, or for a vote that says otherwise who asked.',
  mechanism:
    'the primary key of approval_votes, its CHECK, and its foreign key to who asked; tried as the command role',
  cases: [
    'control: a vote',
    'a second vote of one human',
    'a vote on one’s own request',
    'a vote that says otherwise who asked',
    'a vote taken back',
  ],
  async run({ target, world, expect }) {
    const place = world.here;
    await asRole(target, role, async (session) => {
      await session.enter(place);
      const receiptId = await issueReceipt(session, world, place);
      const request = newRow(world, 'approvals', { place, receiptId });
      const asked = insertOf('approvals', request);
      await session.perform(asked.sql, asked.values);
      const [id, requester, human] = [request['id'], request['requested_by'], world.newId()];
      const vote = (values: SeedRow): Promise<Outcome> => {
        const about = { approval_id: id, requested_by: requester, voter_id: human, vote: 'APPROVE', ...values };
        const { sql, values: bound } = insertOf(table, newRow(world, table, { place, receiptId, values: about }));
        return session.attempt(sql, bound);
      };
      const where = table;
      expect.allowed({ caseName: 'control: a vote', where }, await vote({}));
      for (const again of ['APPROVE', 'DENY']) {
        expect.refusedBy({ caseName: 'a second vote of one human', where: again }, await vote({ vote: again }), {
          sqlState: '23505',
          constraint: `${table}_pkey`,
        });
      }
      const own = await vote({ voter_id: requester });
      expect.refusedBy({ caseName: 'a vote on one’s own request', where }, own, {
        sqlState: '23514',
        constraint: `${table}_nobody_votes_on_their_own`,
      });
      const lying = await vote({ voter_id: requester, requested_by: world.newId() });
      expect.refusedBy({ caseName: 'a vote that says otherwise who asked', where }, lying, {
        sqlState: '23503',
        constraint: `${table}_approval_id_requested_by_fkey`,
      });
      for (const statement of ["UPDATE kf.approval_votes SET vote = 'DENY'", `DELETE FROM ${qualified(table)}`]) {
        expect.refused({ caseName: 'a vote taken back', where: statement }, await session.probe(statement), '42501');
      }
    });
  },
  saboteurs: [
    sabotage(
      { name: 'the key of votes is gone', mentions: 'a second vote of one human', tables: [table] },
      `ALTER TABLE kf.${table} DROP CONSTRAINT ${table}_pkey`,
    ),
    sabotage(
      {
        name: 'the check that nobody votes on their own is gone',
        mentions: 'a vote on one’s own request',
        tables: [table],
      },
      `ALTER TABLE kf.${table} DROP CONSTRAINT ${table}_nobody_votes_on_their_own`,
    ),
    sabotage(
      {
        name: 'a vote no longer refers to who asked',
        mentions: 'a vote that says otherwise who asked',
        tables: [table],
      },
      `ALTER TABLE kf.${table} DROP CONSTRAINT ${table}_approval_id_requested_by_fkey`,
    ),
    sabotage(
      { name: 'votes may be changed', mentions: 'a vote taken back', tables: [table] },
      `GRANT UPDATE ON kf.${table} TO kf_command`,
      `CREATE POLICY scope_update ON kf.${table} FOR UPDATE USING (true)`,
      `ALTER TABLE kf.${table} DISABLE TRIGGER refuse_change`,
    ),
  ],
});
