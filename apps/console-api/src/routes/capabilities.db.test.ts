import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { registry } from '@karmanflow/commands';
import { ruleSetHash } from '@karmanflow/policy';
import * as v from 'valibot';
import { ApiClient } from '../testing/api-client.ts';
import { schemaFindings } from '../testing/schema-findings.ts';
import { startTestApi, type TestApi } from '../testing/start-test-api.ts';
import { capabilitiesShape } from './capabilities.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

async function told(client: ApiClient, query = '') {
  const answer = await client.get(`/v1/capabilities${query}`);
  expect(answer.status).toBe(200);
  return v.parse(capabilitiesShape, answer.json['data']);
}

async function placesOf(client: ApiClient, type: string) {
  const { capabilities } = await told(client, `?type=${type}`);
  expect(capabilities.map((one) => one.type)).toEqual([type]);
  return capabilities[0]?.places ?? [];
}

describe('capabilities', () => {
  test('are every command and query of the API, with rules that can be looked up and schemas that are closed', async () => {
    const { capabilities, ruleSet } = await told(api.as('operator'));
    const offered = [...registry.commands.values()].filter(({ internal }) => internal !== true);
    expect(capabilities.map(({ type }) => type)).toEqual([
      ...offered.map(({ type }) => type),
      ...registry.queries.keys(),
    ]);
    expect(capabilities.length).toBeGreaterThan(30);
    expect(ruleSet.hash).toBe(ruleSetHash);
    for (const { type, input, kind, scope } of capabilities) {
      expect({ type, closed: input['additionalProperties'] }).toEqual({ type, closed: false });
      expect(schemaFindings(input, type)).toEqual([]);
      expect(scope).toBe((kind === 'query' ? registry.queries : registry.commands).get(type)?.scope ?? '');
    }
  });

  test('are those of the caller, in its environment', async () => {
    const [of, answers] = ['reservation.cancel', async (key: string) => (await placesOf(api.as(key), of))[0]] as const;
    expect(await answers('operator')).toMatchObject({
      runsIn: 'environment',
      availability: 'needs_approval',
      rule: 'named_human_approves',
      says: 'R2 waits for a named human, whoever proposes it',
      approval: { quorum: 1, approverRoles: ['approver', 'operator'] },
    });
    expect(await answers('viewer')).toMatchObject({ availability: 'denied', rule: 'scope_missing', approval: null });
    expect((await placesOf(api.as('viewer'), 'inventory.levels'))[0]?.availability).toBe('allowed');
  });

  test('are what happens when the caller tries', async () => {
    for (const key of ['operator', 'viewer']) {
      const [place] = await placesOf(api.as(key), 'reservation.cancel');
      const tried = await api.as(key).send('reservation.cancel', { reservationId: `rsv_${Bun.randomUUIDv7()}` });
      expect({ key, status: tried.status }).toEqual({ key, status: place?.availability === 'denied' ? 403 : 202 });
    }
  });

  test('need a scope of their own, and an answer to a name that nothing has is empty', async () => {
    expect(await api.as('nobody').get('/v1/capabilities')).toMatchObject({
      status: 403,
      code: 'policy_denied',
      json: { rule: 'scope_missing' },
    });
    expect(await new ApiClient(api.url, 'nothing').get('/v1/capabilities')).toMatchObject({ status: 401 });
    expect((await told(api.as('viewer'), '?type=nothing.at_all')).capabilities).toEqual([]);
    expect((await told(api.as('viewer'), '?type=access.bootstrap_tenant')).capabilities).toEqual([]);
  });
});
