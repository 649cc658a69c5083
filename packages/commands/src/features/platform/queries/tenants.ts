import { idShape, timestampShape, toId, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import { pageLimit } from '../../../definition/page.ts';
import { defineQuery } from '../../../definition/query.ts';

const statuses = ['REQUESTED', 'BOOTSTRAPPED'] as const;

export const listTenants = defineQuery({
  type: 'platform.tenants',
  summary: 'Tenants that this platform has created or has begun to create, oldest first.',
  scope: 'platform.tenant:read',
  environment: 'control',
  input: v.strictObject({
    status: v.optional(v.picklist(statuses)),
    after: v.optional(idShape('tenant')),
    limit: pageLimit,
  }),
  output: v.strictObject({
    tenants: v.array(
      v.strictObject({
        tenantId: idShape('tenant'),
        name: v.string(),
        status: v.picklist(statuses),
        /** SHA-256, in hex, of the request's canonical JSON. */
        requestHash: v.string(),
        bootstrapReceiptId: v.nullable(idShape('receipt')),
        requestedAt: timestampShape,
        version: v.number(),
      }),
    ),
    next: v.nullable(idShape('tenant')),
  }),
  run: async ({ status, after, limit }, ctx) => {
    const rows = await ctx.database.read(ctx.scope, async (db) => {
      let query = db
        .selectFrom('platform_tenants')
        .selectAll()
        .where('tenant_id', '=', toUuid(ctx.tenantId))
        .where('environment_id', '=', toUuid(ctx.environmentId))
        .orderBy('id')
        .limit(limit + 1);
      if (status) query = query.where('status', '=', status);
      if (after) query = query.where('id', '>', toUuid(after));
      return query.execute();
    });
    const tenants = rows.slice(0, limit).map((row) => ({
      tenantId: toId('tenant', row.id),
      name: row.name,
      // The column's CHECK keeps it to these values.
      status: row.status as (typeof statuses)[number],
      requestHash: Buffer.from(row.request_hash).toString('hex'),
      bootstrapReceiptId: row.bootstrap_receipt_id === null ? null : toId('receipt', row.bootstrap_receipt_id),
      requestedAt: row.created_at,
      version: row.version,
    }));
    return { tenants, next: rows.length > limit ? (tenants.at(-1)?.tenantId ?? null) : null };
  },
});
