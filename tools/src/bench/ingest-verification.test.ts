import { expect, test } from 'bun:test';
import { benchVerification } from './ingest-verification.ts';

test('every library and ours verify the same requests', async () => {
  const results = await benchVerification({ milliseconds: 1, rounds: 1 });
  expect(results.map(({ name }) => name)).toEqual([
    'standardwebhooks',
    'svix',
    'stripe',
    '@octokit/webhooks-methods',
    '@shopify/shopify-api',
  ]);
  for (const { ours, theirs } of results) expect([ours > 0, theirs > 0]).toEqual([true, true]);
});
