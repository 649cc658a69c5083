import { afterAll, beforeAll, expect, test } from 'bun:test';
import { access } from '@karmanflow/commands';
import { ApiClient } from './testing/api-client.ts';
import { startTestApi, type TestApi } from './testing/start-test-api.ts';

let platform: TestApi;
let ordinary: TestApi;
beforeAll(async () => {
  platform = await startTestApi({ isPlatform: true });
  ordinary = await startTestApi();
});
afterAll(async () => {
  await platform.stop();
  await ordinary.stop();
});

const secret = crypto.getRandomValues(new Uint8Array(access.apiKeySecretBytes));
const request = {
  name: 'Globex',
  environments: [{ name: 'sandbox', kind: 'SANDBOX' }],
  principals: [{ handle: 'hank', type: 'USER', roles: ['operator', 'administrator'] }],
  apiKeys: [
    {
      name: 'hank-sandbox',
      principal: 'hank',
      environment: 'sandbox',
      secretHash: Buffer.from(access.hashApiKeySecret(secret)).toString('base64'),
      scopes: ['inventory.location:register'],
      riskCeiling: 'R1',
    },
  ],
  ingestSources: [],
};

test('a person of the platform creates a tenant, on record in both, and its first key works at once', async () => {
  const send = () => platform.as('operator').send('platform.create_tenant', request, { key: 'globex' });
  const made = await send();
  expect(made.status).toBe(200);
  const { tenantId } = made.json['data'] as { tenantId: `tnt_${string}` };
  const { apiKeys } = made.json['tenant'] as { apiKeys: { name: string; id: `key_${string}` }[] };
  const apiKeyId = apiKeys[0]?.id;
  if (!apiKeyId) throw new Error('the tenant has no key');
  const globex = new ApiClient(platform.url, access.formatApiKey({ tenantId, apiKeyId, secret }));
  expect((await globex.send('inventory.register_location', { code: 'L', name: 'L' })).status).toBe(200);

  const listed = await platform.as('operator').get('/v1/platform/tenants');
  expect(JSON.stringify(listed.json)).toContain(tenantId);
  expect(JSON.stringify(listed.json)).toContain('BOOTSTRAPPED');

  // Sent again it answers the same tenant, and makes no second one.
  const again = await send();
  expect(again.json).toMatchObject({ replayed: true, data: { tenantId }, tenant: made.json['tenant'] });
  const admin = await platform.world.testDatabase.admin();
  const { rows } = await admin.query('select id from kf.tenants where name = $1', ['Globex']);
  expect(rows).toEqual([{ id: tenantId.slice(4) }]);
  const receipts = await admin.query(
    `select count(*)::int as n from kf.command_receipts where command_type = 'access.bootstrap_tenant' and tenant_id = $1`,
    [tenantId.slice(4)],
  );
  expect(receipts.rows).toEqual([{ n: 1 }]);
});

test('of any other tenant it is a note in its own books, and no tenant comes of it', async () => {
  const made = await ordinary.as('operator').send('platform.create_tenant', request, { key: 'globex' });
  expect(made.status).toBe(200);
  expect(made.json['tenant']).toBeUndefined();
  const { tenantId } = made.json['data'] as { tenantId: string };
  const admin = await ordinary.world.testDatabase.admin();
  const { rows } = await admin.query('select id from kf.tenants where id = $1', [tenantId.slice(4)]);
  expect(rows).toEqual([]);
});
