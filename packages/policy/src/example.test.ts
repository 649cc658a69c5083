import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { adjusted, cancelled, created } from '../example.ts';

const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

test('the example does what it says', () => {
  expect(created).toMatchObject({ decision: 'allow', rule: 'scope_granted' });
  expect(cancelled).toMatchObject({ decision: 'needs_approval', rule: 'named_human_approves' });
  expect(adjusted).toMatchObject({ decision: 'deny', rule: 'scope_missing' });
});

test('the README shows it verbatim', () => {
  expect(textOf('../README.md')).toContain(`\`\`\`ts\n${textOf('../example.ts')}\`\`\`\n`);
});
