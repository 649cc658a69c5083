import { readFileSync } from 'node:fs';
import { describeSchema } from '@karmanflow/schema/migrations';
import { type Check, notApplicable } from '../../harness/check.ts';
import { gatherEvidence } from '../../harness/evidence.ts';
import { compareSets, supposing } from '../catalogue-check.ts';

const committed = new URL('../../../../packages/schema/schema.sql', import.meta.url);

/** Postgres 16 does not know the MAINTAIN privilege, which owners have since 17. */
const comparable = (line: string): boolean =>
  line !== '' && !line.startsWith('--') && !line.startsWith('grant MAINTAIN ');

const schemaCommitted: Check = {
  id: 'tenancy.schema-committed',
  family: 'tenancy',
  claim: 'The database is, line by line, the schema that was reviewed and committed.',
  mechanism: 'describeSchema() of the live catalogue against packages/schema/schema.sql; any role may do this',
  subject: 'catalogue',
  async run(target) {
    const text = readCommitted();
    if (text === null) return notApplicable('the source tree with packages/schema/schema.sql is not here');
    const described = await target.catalogue(describeSchema);
    const evidence = gatherEvidence();
    compareSets(evidence, 'line', {
      declared: text.split('\n').filter(comparable),
      live: described.split('\n').filter(comparable),
    });
    return evidence.finding();
  },
  saboteurs: [
    supposing(
      { name: 'a column is added', mentions: 'variants.colour' },
      'ALTER TABLE kf.variants ADD COLUMN colour text',
    ),
    supposing(
      { name: 'a policy shows every row', mentions: 'scope_select on variants' },
      'ALTER POLICY scope_select ON kf.variants USING (true)',
    ),
    supposing(
      { name: 'a trigger is disabled', mentions: 'enabled D' },
      'ALTER TABLE kf.domain_events DISABLE TRIGGER refuse_change',
    ),
  ],
};

function readCommitted(): string | null {
  try {
    return readFileSync(committed, 'utf8');
  } catch {
    return null;
  }
}

export const committedSchemaRules: readonly Check[] = [schemaCommitted];
