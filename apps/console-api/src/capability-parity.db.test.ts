import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import {
  accept,
  access,
  type AnyCommand,
  type Availability,
  type Caller,
  type CapabilityPlace,
  commandEnvironmentOf,
  createRegistry,
  defineCommand,
  defineFeature,
  type Executor,
  parseCommand,
  type ParsedCommand,
  registry as wholeRegistry,
  resolveCapabilities,
} from '@karmanflow/commands';
import { createTestWorld, metadataFor, type TestTenant, type TestWorld } from '@karmanflow/commands/testing';
import { parseTenantPolicy, type RoleName, roles } from '@karmanflow/policy';
import type { ReceiptBody } from '@karmanflow/receipts';
import { controlEnvironmentOf } from '@karmanflow/schema';
import fc from 'fast-check';
import * as v from 'valibot';
import { exampleOf } from './example-of.ts';
import { arbitraryOf } from './testing/arbitrary-of.ts';
import { createIdleApi } from './testing/idle-api.ts';
import { jsonSchemaOf } from './valibot-bridge.ts';

setDefaultTimeout(120_000);

/** Moves an amount, so that there is a case for limits whatever the other commands declare. */
const move = defineCommand({
  type: 'probe.move',
  version: 1,
  summary: 'Stands for a command whose amount a tenant limits.',
  risk: 'R1',
  scope: 'inventory.level:adjust',
  environment: 'caller',
  input: v.strictObject({ units: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000)) }),
  output: v.strictObject({}),
  refusals: [],
  load: () => [],
  amount: ({ units }) => units,
  decide: () => accept({ events: [], response: {} }),
});
const registry = createRegistry([
  ...wholeRegistry.features,
  defineFeature({
    name: 'probe',
    commands: [move],
    queries: [],
    events: [],
    entities: [],
    agentSurface: { summary: 'For tests.' },
  }),
]);
const offered = [...registry.commands.values()].filter(({ internal }) => internal !== true);

const limit = 10;
const tenantPolicy = parseTenantPolicy({
  raiseAbove: Object.fromEntries(offered.filter(({ amount }) => amount).map(({ type }) => [type, limit])),
});

const actorKinds = ['USER by key', 'USER by session', 'SERVICE', 'CONNECTOR', 'AGENT', 'SYSTEM'] as const;
type ActorKind = (typeof actorKinds)[number];
const roleNames = [...(Object.keys(roles) as RoleName[]), 'none'] as const;
const reaches = ['tenant', 'environment'] as const;

let world: TestWorld;
let executor: Executor;
let tenant: TestTenant;
let person: Caller;
const { document } = await createIdleApi();

beforeAll(async () => {
  world = await createTestWorld();
  executor = world.executorWith({ registry });
  tenant = await world.createTenant('Acme');
  person = await tenant.signIn('cyd');
});
afterAll(async () => {
  await executor.drain();
  await world.close();
});

/** A caller as authentication makes it: an actor of that kind with one role, granted for the tenant or for the environment. */
function callerOf(who: { kind: ActorKind; role: (typeof roleNames)[number]; reach: (typeof reaches)[number] }): Caller {
  const { kind, role, reach } = who;
  const [type = 'USER'] = kind.split(' ') as [Caller['actor']['type']];
  const { sandbox } = tenant.environments;
  const granted = (name: string) => ({
    role: name,
    environmentId: reach === 'tenant' ? null : sandbox,
    validFrom: '2020-01-01T00:00:00.000Z',
    validUntil: null,
    revokedAt: null,
  });
  const authority = access.authorityOf({
    actorType: type,
    grants: role === 'none' ? [] : [granted(role)],
    ownerGrants: roleNames.filter((name) => name !== 'none').map(granted),
    credentialScopes: access.everyScope,
    riskCeiling: 'R3',
    environmentId: sandbox,
    controlEnvironmentId: controlEnvironmentOf(tenant.tenantId),
    now: new Date().toISOString(),
  });
  const base = kind === 'USER by session' ? person : tenant.caller;
  const id = type === 'USER' ? base.actor.id : tenant.principals.get(type.toLowerCase());
  if (!id || !tenantPolicy) throw new Error(`no ${kind}`);
  const onBehalfOf = type === 'AGENT' ? person.actor.id : null;
  return { ...base, ...authority, actor: { type, id, onBehalfOf }, tenantPolicy };
}

/** An input that the command accepts and for which `fits`, made from its schema alone. */
function inputFor(command: AnyCommand, fits: (input: unknown) => boolean): ParsedCommand {
  const schema = jsonSchemaOf(command.input, 'input');
  const candidates = [exampleOf(schema), ...fc.sample(arbitraryOf(document, schema), { numRuns: 300, seed: 7 })];
  for (const candidate of candidates) {
    const parsed = parseCommand(command, candidate);
    if (parsed.ok && fits(parsed.command.input)) return parsed.command;
  }
  throw new Error(`no input for ${command.type} was found: its schema says too little`);
}

interface Case {
  readonly type: string;
  readonly runsIn: CapabilityPlace['runsIn'];
  /** Whether its amount is above the limit of the tenant. */
  readonly isAbove: boolean;
  readonly parsed: ParsedCommand;
}

/** What each command owes: one case for each place, and one more for amounts above the limit where it moves any. */
const cases: readonly Case[] = offered.flatMap((command) => {
  const { environment, amount, type } = command;
  const places = typeof environment === 'function' ? (['caller', 'control'] as const) : [environment];
  return places.flatMap((place) =>
    (amount ? [false, true] : [false]).map((isAbove) => ({
      type,
      runsIn: place === 'control' ? ('tenant' as const) : ('environment' as const),
      isAbove,
      parsed: inputFor(
        command,
        (input) =>
          commandEnvironmentOf(command, input) === place && (!amount || amount(input as never) > limit === isAbove),
      ),
    })),
  );
});

interface Answer {
  readonly type: string;
  readonly runsIn: CapabilityPlace['runsIn'];
  readonly isAbove: boolean;
  readonly availability: string;
  readonly rule: string;
}

/** What the resolver says of each case. */
function toldTo(caller: Caller): Answer[] {
  const told = new Map(resolveCapabilities(registry, caller).map((one) => [one.type, one.places]));
  return cases.map(({ type, runsIn, isAbove }) => {
    const place = told.get(type)?.find((one) => one.runsIn === runsIn);
    if (!place) throw new Error(`nothing is said of ${type} in ${runsIn}`);
    const { availability, rule } = (isAbove ? place.aboveLimit : null) ?? place;
    return { type, runsIn, isAbove, availability, rule };
  });
}

/** What the executor does with each case, in the words of the resolver. */
function doneFor(caller: Caller): Promise<Answer[]> {
  return Promise.all(
    cases.map(async ({ type, runsIn, isAbove, parsed }) => {
      const outcome = await executor.execute(parsed, metadataFor(caller));
      if (outcome.kind === 'rejected') throw new Error(`${type}: ${outcome.code}: ${outcome.detail}`);
      const { status, policy } = JSON.parse(Buffer.from(outcome.receipt.bytes).toString('utf8')) as ReceiptBody;
      return { type, runsIn, isAbove, availability: did[status], rule: policy.rule };
    }),
  );
}

const did = {
  SUCCEEDED: 'allowed',
  // By state, which the resolver does not ask.
  REFUSED: 'allowed',
  PENDING_APPROVAL: 'needs_approval',
  DENIED: 'denied',
} as const satisfies Record<string, Availability>;

describe('what a caller is told that a command will be, it is', () => {
  const seen = new Map<string, Set<string>>();

  test.each(actorKinds.flatMap((kind) => reaches.map((reach) => [kind, reach] as const)))(
    '%s with each role, granted for the %s',
    async (kind, reach) => {
      for (const role of roleNames) {
        const caller = callerOf({ kind, role, reach });
        const expected = toldTo(caller);
        for (const { type, availability } of expected) seen.set(type, (seen.get(type) ?? new Set()).add(availability));
        expect(expected.length).toBe(cases.length);
        expect({ role, answers: await doneFor(caller) }).toEqual({ role, answers: expected });
      }
    },
  );

  test('and the comparison sees when it is not', async () => {
    const told = toldTo(callerOf({ kind: 'USER by session', role: 'operator', reach: 'tenant' }));
    expect(await doneFor(callerOf({ kind: 'USER by session', role: 'viewer', reach: 'tenant' }))).not.toEqual(told);
    expect(await doneFor(callerOf({ kind: 'USER by session', role: 'operator', reach: 'environment' }))).not.toEqual(
      told,
    );
    expect(await doneFor(callerOf({ kind: 'AGENT', role: 'operator', reach: 'tenant' }))).not.toEqual(told);
  });

  test('of every command that is offered, with each of the three answers', () => {
    expect([...seen.keys()].toSorted()).toEqual(offered.map(({ type }) => type).toSorted());
    expect(seen.size).toBeGreaterThan(20);
    expect(new Set([...seen.values()].flatMap((answers) => [...answers]))).toEqual(
      new Set(['allowed', 'needs_approval', 'denied']),
    );
    // There is somebody for each command, and somebody else from whom it is kept.
    for (const [type, answers] of seen) {
      expect({ type, forSomebody: answers.has('allowed') || answers.has('needs_approval') }).toEqual({
        type,
        forSomebody: true,
      });
      expect({ type, keptFromSomebody: answers.has('denied') }).toEqual({ type, keptFromSomebody: true });
    }
    expect(seen.get('probe.move')).toEqual(new Set(['allowed', 'needs_approval', 'denied']));
  });
});
