import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { adjusted, cancelled, created, executed, explained, ownVote, vote } from '../example.ts';

const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

test('the example does what it says', () => {
  expect(created).toMatchObject({ decision: 'allow', rule: 'scope_granted' });
  expect(cancelled).toMatchObject({ decision: 'needs_approval', rule: 'named_human_approves' });
  expect(adjusted).toMatchObject({ decision: 'needs_approval', rule: 'named_human_approves', risk: 'R2' });
  expect(ownVote).toMatchObject({ allowed: false, rule: 'voter_is_behind_requester' });
  expect(vote).toMatchObject({ allowed: true, rule: 'named_human_votes' });
  expect(executed).toMatchObject({ decision: 'allow', rule: 'approved_by_quorum' });
  expect(explained).toMatchObject({ agrees: true, doubts: [] });
});

test('the README shows it verbatim', () => {
  expect(textOf('../README.md')).toContain(`\`\`\`ts\n${textOf('../example.ts')}\`\`\`\n`);
});
