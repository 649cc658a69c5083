import { ownerRole, schemaName, type TableName, tableNames, tableOf } from '@karmanflow/schema';
import { attackCheck } from '../attacks/attack-check.ts';
import type { Check } from '../harness/check.ts';
import { sabotage } from '../harness/sabotage.ts';
import { asAdministrator, asRole, type Session } from '../harness/session.ts';
import { qualified } from '../world/statements.ts';
import { homeOf } from '../world/world.ts';

const sequenceTables: readonly TableName[] = tableNames.filter((name) => tableOf(name).kind === 'sequence');

export const appendOnlyLog: Check = attackCheck({
  id: 'log.append-only',
  claim:
    'What the sequencer wrote is never changed or removed: not by itself, not by the owner, not by a superuser who leaves the triggers in place.',
  mechanism: 'kf_sequencer may read and insert there and nothing else, and a statement trigger that is always on',
  administrator: true,
  cases: ['changed by the sequencer', 'changed by the owner', 'changed by a superuser', 'what the sequencer may do'],
  async run({ target, world, expect, evidence, tables }) {
    const looked = sequenceTables.filter((table) => tables.includes(table));
    const tryAll = async (session: Session, caseName: string): Promise<void> => {
      for (const table of looked) {
        await session.enter(homeOf(world, table));
        for (const statement of [
          `UPDATE ${qualified(table)} SET tenant_id = tenant_id`,
          `DELETE FROM ${qualified(table)}`,
          `TRUNCATE ${qualified(table)}`,
        ]) {
          const where = `${statement.split(' ')[0]} of ${table}`;
          expect.refused({ caseName, where }, await session.probe(statement), '42501');
        }
      }
    };
    await asRole(target, 'kf_sequencer', async (session) => {
      await tryAll(session, 'changed by the sequencer');
      for (const table of looked) {
        evidence.see('what the sequencer may do');
        const { rows } = await session.perform(
          `SELECT has_table_privilege('${schemaName}.${table}', 'UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER') AS may`,
        );
        if (rows[0]?.['may'] !== false) {
          evidence.violation(`what the sequencer may do: it may change ${table}`);
        }
      }
    });
    const owner = { name: ownerRole, settings: [`SET LOCAL ROLE ${ownerRole}`] };
    await asAdministrator(target, owner, (session) => tryAll(session, 'changed by the owner'));
    await asAdministrator(target, { name: 'superuser', settings: [] }, (session) =>
      tryAll(session, 'changed by a superuser'),
    );
  },
  saboteurs: [
    sabotage(
      {
        name: 'a trigger is disabled',
        mentions: 'changed by a superuser, UPDATE of log_leaves',
        tables: ['log_leaves'],
      },
      'ALTER TABLE kf.log_leaves DISABLE TRIGGER refuse_change',
    ),
    sabotage(
      {
        name: 'the sequencer may change a position',
        mentions: 'it may change stream_events',
        tables: ['stream_events'],
      },
      'GRANT UPDATE ON kf.stream_events TO kf_sequencer',
    ),
  ],
});
