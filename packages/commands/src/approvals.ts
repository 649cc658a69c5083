import { defineEvent } from '@karmanflow/events';
import { riskClasses } from '@karmanflow/policy';
import { type Id, idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { defineEntity } from './definition/entity.ts';
import { defineFeature, type FeatureDefinition } from './definition/registry.ts';

/**
 * A command that waits for a human. The request holds the exact command, so that what is approved later is what was
 * asked for. Deciding upon it is not part of the pipeline yet: until then nothing of class R2 or R3 runs.
 */
export interface ApprovalState {
  readonly id: Id<'approval'>;
  readonly commandType: string;
  readonly commandHash: Uint8Array;
  /** Canonical JSON of the command's payload. */
  readonly commandBody: Uint8Array;
  readonly risk: (typeof riskClasses)[number];
  readonly status: 'REQUESTED' | 'APPROVED' | 'DENIED' | 'EXPIRED' | 'CANCELLED' | 'SUPERSEDED' | 'EXECUTED' | 'FAILED';
  readonly requestedBy: Id<'principal'>;
  readonly onBehalfOf: Id<'principal'> | null;
  readonly policyHash: string;
  readonly expiresAt: string;
}

const base64 = v.pipe(v.string(), v.base64());

export const approvalRequested = defineEvent({
  type: 'governance.approval.requested',
  version: 1,
  data: v.strictObject({
    approvalId: idShape('approval'),
    commandType: v.string(),
    commandHash: base64,
    commandBody: base64,
    risk: v.picklist(riskClasses),
    requestedBy: idShape('principal'),
    onBehalfOf: v.nullable(idShape('principal')),
    policyHash: v.string(),
    expiresAt: timestampShape,
  }),
  touches: (data) => [{ entity: 'approval', key: { id: data.approvalId } }],
});

export const approval = defineEntity<ApprovalState>({
  name: 'approval',
  table: 'approvals',
  locked: true,
  key: ['id'],
  fields: {
    id: { column: 'id', id: 'approval' },
    commandType: { column: 'command_type' },
    commandHash: { column: 'command_hash' },
    commandBody: { column: 'command_body' },
    risk: { column: 'risk' },
    status: { column: 'status' },
    requestedBy: { column: 'requested_by', id: 'principal' },
    onBehalfOf: { column: 'on_behalf_of', id: 'principal' },
    policyHash: { column: 'policy_hash' },
    expiresAt: { column: 'expires_at' },
  },
  evolve: {
    'governance.approval.requested': (_state, { data }: { data: v.InferOutput<typeof approvalRequested.data> }) => ({
      id: data.approvalId,
      commandType: data.commandType,
      commandHash: Buffer.from(data.commandHash, 'base64'),
      commandBody: Buffer.from(data.commandBody, 'base64'),
      risk: data.risk,
      status: 'REQUESTED' as const,
      requestedBy: data.requestedBy,
      onBehalfOf: data.onBehalfOf,
      policyHash: data.policyHash,
      expiresAt: data.expiresAt,
    }),
  },
});

/** Part of every registry: the pipeline itself issues its event. */
export const governance: FeatureDefinition = defineFeature({
  name: 'governance',
  commands: [],
  queries: [],
  events: [approvalRequested],
  entities: [approval],
  agentSurface: { summary: 'Commands of class R2 and R3 wait here for a named human.' },
});
