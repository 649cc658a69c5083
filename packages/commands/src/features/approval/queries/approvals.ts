import { idShape, limits, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import { commandTypePattern, type CommandEnvironment } from '../../../definition/command.ts';
import { pageLimit } from '../../../definition/page.ts';
import { defineQuery } from '../../../definition/query.ts';
import { approvalStatuses } from '../entities.ts';
import { approvalShape, approvalView } from './approval-view.ts';

const input = v.strictObject({
  status: v.optional(v.picklist(approvalStatuses)),
  commandType: v.optional(v.pipe(v.string(), v.maxLength(limits.textLength), v.regex(commandTypePattern))),
  requestedBy: v.optional(idShape('principal')),
  after: v.optional(idShape('approval')),
  limit: pageLimit,
});

const output = v.strictObject({ approvals: v.array(approvalShape), next: v.nullable(idShape('approval')) });

const listing = (type: `approval.${string}`, environment: CommandEnvironment, summary: string) =>
  defineQuery({
    type,
    summary,
    scope: 'governance.approval:read',
    environment,
    input,
    output,
    run: async (filter, ctx) => {
      const rows = await ctx.database.read(ctx.scope, async (db) => {
        let query = db
          .selectFrom('approvals')
          .selectAll()
          .where('tenant_id', '=', toUuid(ctx.tenantId))
          .where('environment_id', '=', toUuid(ctx.environmentId))
          .orderBy('id')
          .limit(filter.limit + 1);
        if (filter.status) query = query.where('status', '=', filter.status);
        if (filter.commandType) query = query.where('command_type', '=', filter.commandType);
        if (filter.requestedBy) query = query.where('requested_by', '=', toUuid(filter.requestedBy));
        if (filter.after) query = query.where('id', '>', toUuid(filter.after));
        return query.execute();
      });
      const approvals = rows.slice(0, filter.limit).map(approvalView);
      return { approvals, next: rows.length > filter.limit ? (approvals.at(-1)?.approvalId ?? null) : null };
    },
  });

export const listApprovals = listing(
  'approval.list',
  'caller',
  'Paused commands of the environment and what became of them, oldest first.',
);

export const listTenantApprovals = listing(
  'approval.list_tenant',
  'control',
  'Paused commands that concern the tenant as a whole, oldest first.',
);
