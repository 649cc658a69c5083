import { describe, expect, test } from 'bun:test';
import type { Id } from '@karmanflow/schema';
import * as v from 'valibot';
import { registry } from '../../registry.ts';
import { given } from '../../testing/index.ts';
import { accessLimits } from './access-limits.ts';
import {
  environmentArchived,
  environmentCreated,
  personalDataErased,
  principalDisabled,
  principalRegistered,
  roleGranted,
  roleRevoked,
} from './events.ts';
import {
  disablePrincipal,
  erasePersonalData,
  grantRole,
  linkIdentity,
  registerPrincipal,
  revokeRole,
  unlinkIdentity,
} from './index.ts';
import { identityLinked, identityUnlinked } from './session-events.ts';

type History = Parameters<typeof given>[1];
const now = '2026-01-01T00:00:00.000Z';
const later = '2026-06-01T00:00:00.000Z';
const uuid = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
const prn = (number: number): Id<'principal'> => `prn_${uuid(number)}`;
const grt = (number: number): Id<'roleGrant'> => `grt_${uuid(number)}`;
const environmentId: Id<'environment'> = `env_${uuid(900)}`;
const personalDataId: Id<'personalData'> = `pii_${uuid(901)}`;
const [ada, bob, robot] = [prn(801), prn(802), prn(803)];

const person = (principalId: Id<'principal'>, over: object = {}) =>
  principalRegistered.of({
    principalId,
    type: 'USER',
    handle: `p${principalId.slice(-3)}`,
    ownerId: null,
    personalDataId: null,
    ...over,
  });
const granted = (roleGrantId: Id<'roleGrant'>, principalId: Id<'principal'>, over: object = {}) =>
  roleGranted.of({
    roleGrantId,
    principalId,
    environmentId: null,
    role: 'administrator',
    validFrom: now,
    validUntil: null,
    ...over,
  });
const sandbox = environmentCreated.of({ environmentId, name: 'sandbox', kind: 'SANDBOX' });

/** A verdict in one word: `accept`, or the code of the refusal. */
const word = (verdict: { kind: 'accept' } | { kind: 'refuse'; code: string }): string =>
  verdict.kind === 'accept' ? 'accept' : verdict.code;

describe('access.register_principal', () => {
  const register = (history: History, input: Parameters<typeof registerPrincipal.decide>[1]) =>
    given(registry, history, { now }).when(registerPrincipal, input);

  test('registers a principal that may do nothing yet', () => {
    const verdict = register([], { handle: 'eve', type: 'USER' });
    const principalId = prn(1);
    expect(verdict).toEqual({
      kind: 'accept',
      events: [
        {
          type: 'access.principal.registered',
          data: { principalId, type: 'USER', handle: 'eve', ownerId: null, personalDataId: null },
        },
      ],
      response: { principalId },
    });
  });

  test.each<[string, string, History]>([
    ['an active person', 'accept', [person(ada)]],
    ['nobody', 'owner_not_eligible', []],
    ['a person who was disabled', 'owner_not_eligible', [person(ada), principalDisabled.of({ principalId: ada })]],
    ['a machine', 'owner_not_eligible', [person(ada, { type: 'SERVICE' })]],
  ])('an agent owned by %s: %s', (_who, expected, history) => {
    expect(word(register(history, { handle: 'bot', type: 'AGENT', ownerId: ada }))).toBe(expected);
    expect(word(register(history, { handle: 'bot', type: 'SERVICE', ownerId: ada }))).toBe(expected);
  });

  test('refuses a handle that somebody has', () => {
    expect(word(register([person(ada, { handle: 'eve' })], { handle: 'eve', type: 'SERVICE' }))).toBe('code_taken');
  });

  test.each<[boolean, Record<string, unknown>]>([
    [true, { handle: 'a', type: 'USER', personName: 'Ada Lovelace' }],
    [true, { handle: 'a', type: 'AGENT', ownerId: ada }],
    [true, { handle: 'a', type: 'SERVICE' }],
    [false, { handle: 'a', type: 'AGENT' }],
    [false, { handle: 'a', type: 'USER', ownerId: ada }],
    [false, { handle: 'a', type: 'CONNECTOR', ownerId: ada }],
    [false, { handle: 'a', type: 'SERVICE', personName: 'Ada' }],
    [false, { handle: '', type: 'USER' }],
  ])('parses is %p of %p', (parses, input) => {
    expect(v.is(registerPrincipal.input, input)).toBe(parses);
  });

  test('keeps the name of a person out of its payload', () => {
    expect(registerPrincipal.personal).toEqual(['personName']);
    expect(registerPrincipal).toMatchObject({ risk: 'R3', actorTypes: ['USER'], environment: 'control' });
  });
});

describe('access.grant_role', () => {
  const base = [person(ada), sandbox];
  const grant = (history: History, over: object = {}) =>
    given(registry, history, { now }).when(grantRole, {
      principalId: ada,
      role: 'operator',
      environmentId: null,
      ...over,
    });

  test('grants from now and without an end unless told otherwise', () => {
    expect(grant(base)).toEqual({
      kind: 'accept',
      events: [
        {
          type: 'access.role.granted',
          data: {
            roleGrantId: grt(3),
            principalId: ada,
            environmentId: null,
            role: 'operator',
            validFrom: now,
            validUntil: null,
          },
        },
      ],
      response: { roleGrantId: grt(3), validFrom: now },
    });
    const bounded = grant(base, { validFrom: later, validUntil: '2026-07-01T00:00:00.000Z', environmentId });
    expect(bounded).toMatchObject({
      events: [{ data: { validFrom: later, validUntil: '2026-07-01T00:00:00.000Z', environmentId } }],
    });
    // Authority never reaches back: what was done before was done without it.
    expect(grant(base, { validFrom: '2020-01-01T00:00:00.000Z' })).toMatchObject({ response: { validFrom: now } });
  });

  test.each<[string, History, object]>([
    ['principal_not_found', [sandbox], {}],
    ['principal_disabled', [...base, principalDisabled.of({ principalId: ada })], {}],
    ['environment_not_found', [person(ada)], { environmentId }],
    ['environment_archived', [...base, environmentArchived.of({ environmentId })], { environmentId }],
    ['end_out_of_range', base, { validUntil: now }],
    ['end_out_of_range', base, { validFrom: later, validUntil: later }],
    ['end_out_of_range', base, { validUntil: '2099-01-01T00:00:00.000Z' }],
    ['role_already_granted', [...base, granted(grt(1), ada, { role: 'operator' })], {}],
    [
      'role_already_granted',
      [...base, granted(grt(1), ada, { role: 'operator', validFrom: later })],
      { validUntil: '2026-07-01T00:00:00.000Z' },
    ],
    [
      'grant_limit_reached',
      [
        ...base,
        ...Array.from({ length: accessLimits.grantsPerPrincipal }, (_, at) =>
          granted(grt(at + 1), ada, { role: 'viewer', validUntil: now }),
        ),
      ],
      {},
    ],
    [
      'grant_limit_reached',
      [
        ...base,
        ...Array.from({ length: accessLimits.administratorGrants }, (_, at) =>
          granted(grt(at + 1), prn(at % 9), { validUntil: now }),
        ),
      ],
      { role: 'administrator' },
    ],
  ])('refuses with %s', (code, history, over) => {
    expect(word(grant(history, over))).toBe(code);
  });

  test.each<[string, object, object]>([
    ['another role', { role: 'viewer' }, {}],
    ['another place', { role: 'operator', environmentId }, {}],
    ['an earlier time', { role: 'operator', validUntil: now }, {}],
    ['a later time', { role: 'operator', validFrom: later }, { validUntil: later }],
  ])('is not stopped by a grant of %s', (_what, before, over) => {
    expect(word(grant([...base, granted(grt(1), ada, before)], over))).toBe('accept');
  });

  test('is not stopped by one that was revoked', () => {
    const history = [
      ...base,
      granted(grt(1), ada, { role: 'operator' }),
      roleRevoked.of({ roleGrantId: grt(1), principalId: ada }),
    ];
    expect(word(grant(history))).toBe('accept');
  });

  test('declares exactly what it refuses with, and needs a human', () => {
    expect(grantRole.refusals).toHaveLength(7);
    expect(grantRole).toMatchObject({ risk: 'R3', actorTypes: ['USER'], environment: 'control' });
    expect(v.is(grantRole.input, { principalId: ada, role: 'root', environmentId: null })).toBe(false);
    expect(v.is(grantRole.input, { principalId: ada, role: 'operator' })).toBe(false);
  });
});

describe('taking authority away', () => {
  const two = [person(ada), person(bob), granted(grt(1), ada), granted(grt(2), bob)];
  const revoke = (history: History, roleGrantId = grt(1)) =>
    given(registry, history, { now }).when(revokeRole, { roleGrantId });
  const disable = (history: History, principalId = ada) =>
    given(registry, history, { now }).when(disablePrincipal, { principalId });

  test('never waits, and is for humans', () => {
    for (const command of [revokeRole, disablePrincipal, unlinkIdentity]) {
      expect(command).toMatchObject({ risk: 'R1', actorTypes: ['USER'], environment: 'control' });
    }
  });

  test('a grant is revoked at once, and once', () => {
    expect(revoke(two)).toEqual({
      kind: 'accept',
      events: [{ type: 'access.role.revoked', data: { roleGrantId: grt(1), principalId: ada } }],
      response: { roleGrantId: grt(1), revokedAt: now },
    });
    const revoked = [...two, roleRevoked.of({ roleGrantId: grt(1), principalId: ada })];
    expect(revoke(revoked)).toMatchObject({ code: 'role_grant_revoked', detail: { revokedAt: now } });
    expect(word(revoke([]))).toBe('role_grant_not_found');
  });

  test('a principal is disabled at once, and once', () => {
    expect(disable(two)).toEqual({
      kind: 'accept',
      events: [{ type: 'access.principal.disabled', data: { principalId: ada } }],
      response: { principalId: ada, disabledAt: now },
    });
    expect(word(disable([...two, principalDisabled.of({ principalId: ada })]))).toBe('principal_disabled');
    expect(word(disable([]))).toBe('principal_not_found');
  });

  test.each<[string, History]>([
    ['there is nobody else', [person(ada), granted(grt(1), ada)]],
    ['the other is disabled', [...two, principalDisabled.of({ principalId: bob })]],
    ["the other's grant is revoked", [...two, roleRevoked.of({ roleGrantId: grt(2), principalId: bob })]],
    [
      "the other's grant ends",
      [person(ada), person(bob), granted(grt(1), ada), granted(grt(2), bob, { validUntil: later })],
    ],
    [
      "the other's has not begun",
      [person(ada), person(bob), granted(grt(1), ada), granted(grt(2), bob, { validFrom: later })],
    ],
    [
      'the other has it in one environment',
      [person(ada), person(bob), granted(grt(1), ada), granted(grt(2), bob, { environmentId })],
    ],
    [
      'the other is no human',
      [person(ada), person(robot, { type: 'SERVICE' }), granted(grt(1), ada), granted(grt(2), robot)],
    ],
    [
      'the other has another role',
      [person(ada), person(bob), granted(grt(1), ada), granted(grt(2), bob, { role: 'operator' })],
    ],
  ])('the last administrator stays when %s', (_why, history) => {
    expect(word(revoke(history))).toBe('last_administrator');
    expect(word(disable(history))).toBe('last_administrator');
  });

  test('whoever holds two grants stays administrator without one of them, and is the last one all the same', () => {
    const history = [person(ada), granted(grt(1), ada), granted(grt(2), ada)];
    expect(word(revoke(history))).toBe('accept');
    expect(word(disable(history))).toBe('last_administrator');
  });

  test('what was no administrator before is not kept for its sake', () => {
    const robotOnly = [person(robot, { type: 'SERVICE' }), granted(grt(1), robot)];
    expect(word(revoke(robotOnly))).toBe('accept');
    expect(word(disable(robotOnly, robot))).toBe('accept');
    expect(word(revoke([person(ada), person(bob), granted(grt(1), ada, { validUntil: later })]))).toBe('accept');
    expect(word(disable([...two, person(robot)], robot))).toBe('accept');
  });
});

describe('identities', () => {
  const identityHash = 'a'.repeat(64);
  const link = (history: History, over: object = {}) =>
    given(registry, history, { now }).when(linkIdentity, { principalId: ada, identityHash, ...over });
  const unlink = (history: History, hash = identityHash) =>
    given(registry, history, { now }).when(unlinkIdentity, { principalId: ada, identityHash: hash });
  const linked = identityLinked.of({ identityHash, principalId: ada });
  const unlinked = identityUnlinked.of({ identityHash, principalId: ada });

  test('are linked to an active person, one person each', () => {
    expect(link([person(ada)])).toEqual({
      kind: 'accept',
      events: [{ type: 'access.identity.linked', data: { identityHash, principalId: ada } }],
      response: { principalId: ada },
    });
    expect(word(link([]))).toBe('principal_not_found');
    expect(word(link([person(ada, { type: 'SERVICE' })]))).toBe('principal_not_person');
    expect(word(link([person(ada), principalDisabled.of({ principalId: ada })]))).toBe('principal_disabled');
    expect(link([person(ada), person(bob), linked], { principalId: bob })).toMatchObject({
      code: 'identity_taken',
      detail: { principalId: ada },
    });
    expect(word(link([person(ada), linked]))).toBe('identity_taken');
  });

  test('can be linked again after they were unlinked, also to somebody else', () => {
    const history = [person(ada), person(bob), linked, unlinked];
    expect(word(link(history))).toBe('accept');
    expect(word(link(history, { principalId: bob }))).toBe('accept');
  });

  test('are few for each person', () => {
    const many = Array.from({ length: accessLimits.identitiesPerPrincipal }, (_, at) =>
      identityLinked.of({ identityHash: String(at).padStart(64, '0'), principalId: ada }),
    );
    expect(word(link([person(ada), ...many]))).toBe('identity_limit_reached');
    expect(word(link([person(ada), ...many.slice(1)]))).toBe('accept');
  });

  test('are unlinked by the whole hash or by what is shown of it', () => {
    for (const hash of [identityHash, 'a'.repeat(accessLimits.identityHashShownCharacters)]) {
      expect(unlink([person(ada), linked], hash)).toEqual({
        kind: 'accept',
        events: [{ type: 'access.identity.unlinked', data: { identityHash, principalId: ada } }],
        response: { principalId: ada },
      });
    }
    expect(word(unlink([person(ada), linked], 'b'.repeat(64)))).toBe('identity_not_found');
    expect(word(unlink([person(ada), linked, unlinked]))).toBe('identity_not_found');
    expect(word(unlink([person(ada), identityLinked.of({ identityHash, principalId: bob })]))).toBe(
      'identity_not_found',
    );
    const input = { principalId: ada, identityHash: 'a'.repeat(accessLimits.identityHashShownCharacters - 1) };
    expect(v.is(unlinkIdentity.input, input)).toBe(false);
  });
});

describe('access.erase_personal_data', () => {
  const erase = (history: History) => given(registry, history, { now }).when(erasePersonalData, { principalId: ada });
  const known = person(ada, { personalDataId });

  test('names the value that ceases to be, and says so in references only', () => {
    expect(erase([known])).toEqual({
      kind: 'accept',
      events: [{ type: 'access.personal_data.erased', data: { personalDataId, principalId: ada } }],
      response: { principalId: ada, erasedAt: now },
      erase: [personalDataId],
    });
  });

  test('refuses where there is nothing, or nothing any more', () => {
    expect(word(erase([]))).toBe('principal_not_found');
    expect(word(erase([person(ada)]))).toBe('personal_data_not_found');
    expect(word(erase([known, personalDataErased.of({ personalDataId, principalId: ada })]))).toBe(
      'personal_data_not_found',
    );
  });

  test('waits for a named human', () => {
    expect(erasePersonalData).toMatchObject({ risk: 'R2', environment: 'control' });
  });
});
