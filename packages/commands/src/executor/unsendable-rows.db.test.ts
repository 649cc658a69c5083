import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { defineEvent } from '@karmanflow/events';
import { type Id, idShape, type RefusalCode } from '@karmanflow/schema';
import * as v from 'valibot';
import { approvals } from '../features/approval/index.ts';
import { accept, type AnyCommand, defineCommand } from '../definition/command.ts';
import { defineEntity, type PastEvent } from '../definition/entity.ts';
import { createRegistry, defineFeature } from '../definition/registry.ts';
import { access } from '../features/access/index.ts';
import { metadataFor } from '../testing/index.ts';
import { createStockedWorld, type StockedWorld, wordOf } from '../testing/stocked-world.ts';
import type { Executor } from './executor.ts';
import type { Outcome } from './outcome.ts';
import { parseCommand } from './parse-command.ts';

/** A value that the driver cannot turn into text: it fails in this process, before anything of its statement is sent. */
const circular: Record<string, unknown> = {};
circular['itself'] = circular;

const placed = defineEvent({
  type: 'probe.place.made',
  version: 1,
  data: v.strictObject({ placeId: idShape('location'), code: v.string(), unsendable: v.boolean() }),
  touches: (data) => [{ entity: 'place', key: { id: data.placeId } }],
});
type Placed = v.InferOutput<typeof placed.data>;

const place = defineEntity<{ id: Id<'location'>; code: string; name: unknown }>({
  name: 'place',
  table: 'locations',
  locked: false,
  key: ['id'],
  fields: { id: { column: 'id', id: 'location' }, code: { column: 'code' }, name: { column: 'name' } },
  evolve: {
    'probe.place.made': (_state, { data }: PastEvent<Placed>) => ({
      id: data.placeId,
      code: data.code,
      name: data.unsendable ? circular : 'n',
    }),
  },
});

const make = defineCommand<{ code: string; unsendable: boolean }, object, RefusalCode>({
  type: 'probe.make',
  version: 1,
  summary: 'For tests.',
  risk: 'R1',
  scope: 'inventory.location:register',
  environment: 'caller',
  input: v.strictObject({ code: v.string(), unsendable: v.boolean() }),
  output: v.strictObject({}),
  refusals: [],
  load: () => [],
  decide: (_state, input, ctx) =>
    accept({ events: [placed.of({ placeId: ctx.newId('location'), ...input })], response: {} }),
});

const registry = createRegistry([
  approvals,
  access,
  defineFeature({
    name: 'probe',
    commands: [make] as unknown as AnyCommand[],
    queries: [],
    events: [placed],
    entities: [place],
    agentSurface: { summary: 'For tests.' },
  }),
]);

let stocked: StockedWorld;
let executor: Executor;

beforeAll(async () => {
  stocked = await createStockedWorld();
  executor = stocked.neighbour({ registry }, { connectionsMax: 1 });
});
afterAll(() => stocked.close());

async function send(code: string, unsendable: boolean): Promise<Outcome> {
  const parsed = parseCommand(make as unknown as AnyCommand, { code, unsendable });
  if (!parsed.ok) throw new Error('the probe does not parse');
  return executor.execute(parsed.command, metadataFor(stocked.tenant.caller, { key: code }));
}

async function traces(code: string): Promise<{ receipts: number | null; rows: number | null }> {
  const receipts = await stocked.admin.query(
    'select from kf.command_receipts where idempotency_key_hash = sha256($1::bytea)',
    [Buffer.from(code)],
  );
  const rows = await stocked.admin.query('select from kf.locations where code = $1', [code]);
  return { receipts: receipts.rowCount, rows: rows.rowCount };
}

describe('a row that cannot even be sent', () => {
  test('leaves no receipt without its row, and its command is answered', async () => {
    const outcome = await send('alone', true);
    expect(await traces('alone')).toEqual({ receipts: 0, rows: 0 });
    expect(wordOf(outcome)).toBe('internal_error');
  }, 90_000);

  test('harms no neighbour and not the next one', async () => {
    const outcomes = await Promise.all([send('before', false), send('between', true), send('after', false)]);
    expect(outcomes.map(wordOf)).toEqual(['SUCCEEDED', 'internal_error', 'SUCCEEDED']);
    expect(wordOf(await send('next', false))).toBe('SUCCEEDED');
    for (const code of ['before', 'after', 'next']) expect(await traces(code)).toEqual({ receipts: 1, rows: 1 });
    expect(await traces('between')).toEqual({ receipts: 0, rows: 0 });
  }, 90_000);
});
