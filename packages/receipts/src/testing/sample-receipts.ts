import type { JsonObject } from '../json-value.ts';
import type { ReceiptBody } from '../receipt-body.ts';

const digestOf = (digit: string): string => `sha256:${digit.repeat(64)}`;

/** A reservation that an agent made and that succeeded at once: each list filled, approval and reason absent. */
export const succeeded: ReceiptBody = {
  format: 'karmanflow.receipt/1',
  receiptId: 'rcp_019b76da-a800-7000-8000-000000000001',
  tenantId: 'tnt_019b76da-a800-7000-8000-0000000000a1',
  environmentId: 'env_019b76da-a800-7000-8000-0000000000b1',
  command: { type: 'reservation.create', version: 1, payloadHash: digestOf('1') },
  status: 'SUCCEEDED',
  refusal: null,
  risk: 'R1',
  scope: 'inventory.reservation:create',
  actor: {
    type: 'AGENT',
    id: 'prn_019b76da-a800-7000-8000-0000000000c1',
    onBehalfOf: 'prn_019b76da-a800-7000-8000-0000000000c2',
  },
  credential: { type: 'api_key', id: 'key_019b76da-a800-7000-8000-0000000000d1' },
  idempotencyKeyHash: digestOf('2'),
  policy: {
    decision: 'allow',
    rule: 'scope_granted',
    ruleSetVersion: '2',
    ruleSetHash: digestOf('3'),
    facts: {
      actorType: 'AGENT',
      amount: null,
      amountLimit: null,
      approvers: null,
      commandAccepts: null,
      environmentKind: 'PRODUCTION',
      environmentStatus: 'ACTIVE',
      loginAgeSeconds: null,
      loginMaxAgeSeconds: 900,
      quorum: null,
      risk: 'R1',
      riskCeiling: 'R2',
      roles: ['operator'],
      scope: 'inventory.reservation:create',
      scopeGranted: true,
      tenantPolicyHash: digestOf('4').slice('sha256:'.length),
    },
  },
  approval: null,
  reason: null,
  entities: [
    { type: 'reservation', id: 'rsv_019b76da-a800-7000-8000-000000000011', version: 1 },
    { type: 'stock', id: 'stk_019b76da-a800-7000-8000-000000000012', version: 48_213 },
  ],
  events: [
    {
      id: 'evt_019b76da-a800-7000-8000-000000000021',
      type: 'inventory.reservation.created',
      hash: digestOf('4'),
    },
  ],
  responseHash: digestOf('5'),
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  correlationId: 'kfcor_019b76da-a800-7000-8000-000000000031',
  causationId: null,
  requestId: 'kfreq_019b76da-a800-7000-8000-000000000041',
  requestedAt: '2026-03-01T09:30:00.000Z',
  completedAt: '2026-03-01T09:30:00.042Z',
};

/** Numbers, escapes and scripts that canonicalisations tend to differ in, and names that sort apart by UTF-16. */
const awkwardDetail: JsonObject = {
  numbers: [0, -1, 0.1, 0.000001, 1e-7, 4.5e-300, 333333333.3333333, 9007199254740991],
  text: 'A\u030A \u00C5 "quoted" \\ / \u0000\u001F\u007F\u0080\u2028 \u{1F602}',
  names: { '\u{1F602}': 1, '\uFB33': 2, '10': 3, '9': 4, '': 5, é: 6, E: 7 },
  empty: [{}, [], '', null, false],
};

export const refused: ReceiptBody = {
  ...succeeded,
  receiptId: 'rcp_019b76da-a800-7000-8000-000000000002',
  status: 'REFUSED',
  refusal: { code: 'stock_insufficient', detail: awkwardDetail },
  entities: [],
  events: [],
};

export const denied: ReceiptBody = {
  ...succeeded,
  receiptId: 'rcp_019b76da-a800-7000-8000-000000000003',
  status: 'DENIED',
  refusal: { code: 'scope_missing', detail: {} },
  risk: 'R3',
  credential: null,
  idempotencyKeyHash: null,
  policy: { ...succeeded.policy, decision: 'deny', rule: 'human_only' },
  entities: [],
  events: [],
  responseHash: null,
};

export const pendingApproval: ReceiptBody = {
  ...succeeded,
  receiptId: 'rcp_019b76da-a800-7000-8000-000000000004',
  status: 'PENDING_APPROVAL',
  command: { type: 'reservation.cancel', version: 2, payloadHash: digestOf('6') },
  risk: 'R2',
  policy: { ...succeeded.policy, decision: 'needs_approval', rule: 'risk.r2' },
  reason: 'The buyer asked for it \u2013 \u00AB sans d\u00E9lai \u00BB',
  entities: [],
};

export const approved: ReceiptBody = {
  ...pendingApproval,
  receiptId: 'rcp_019b76da-a800-7000-8000-000000000005',
  status: 'SUCCEEDED',
  approval: {
    approvalId: 'apr_019b76da-a800-7000-8000-000000000051',
    approvers: ['prn_019b76da-a800-7000-8000-0000000000c3', 'prn_019b76da-a800-7000-8000-0000000000c4'],
  },
  entities: [{ type: 'reservation', id: 'rsv_019b76da-a800-7000-8000-000000000011', version: 2 }],
  causationId: 'rcp_019b76da-a800-7000-8000-000000000004',
};
