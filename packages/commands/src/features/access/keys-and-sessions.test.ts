import { describe, expect, test } from 'bun:test';
import { actorTypes, riskClasses } from '@karmanflow/policy';
import type { Id } from '@karmanflow/schema';
import * as v from 'valibot';
import { registry } from '../../registry.ts';
import { given } from '../../testing/index.ts';
import { accessLimits } from './access-limits.ts';
import {
  apiKeyIssued,
  apiKeyRevoked,
  apiKeyRotated,
  environmentArchived,
  environmentCreated,
  principalDisabled,
  principalRegistered,
} from './events.ts';
import { closeSession, hashApiKeySecret, issueApiKey, openSession, revokeSession, rotateApiKey } from './index.ts';
import { sessionClosed, sessionOpened, sessionRevoked } from './session-events.ts';

type History = Parameters<typeof given>[1];
const now = '2026-01-01T00:00:00.000Z';
const inSeconds = (seconds: number): string => new Date(Date.parse(now) + seconds * 1000).toISOString();
const uuid = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
const secretHash = Buffer.from(hashApiKeySecret(new Uint8Array(32))).toString('base64');
const newHash = Buffer.from(hashApiKeySecret(new Uint8Array(32).fill(1))).toString('base64');
const environmentId: Id<'environment'> = `env_${uuid(900)}`;
/** The actor of `given`. */
const self: Id<'principal'> = 'prn_00000000-0000-7000-8000-0000000000aa';
const ada: Id<'principal'> = `prn_${uuid(801)}`;
const apiKeyId: Id<'apiKey'> = `key_${uuid(701)}`;
const sessionId: Id<'session'> = `ses_${uuid(601)}`;

const holder = (type: (typeof actorTypes)[number] = 'USER') =>
  principalRegistered.of({ principalId: ada, type, handle: 'ada', ownerId: null, personalDataId: null });
const place = (kind: 'CONTROL' | 'SANDBOX' = 'SANDBOX') =>
  environmentCreated.of({ environmentId, name: 'somewhere', kind });
const archived = environmentArchived.of({ environmentId });
const disabled = principalDisabled.of({ principalId: ada });
const word = (verdict: { kind: 'accept' } | { kind: 'refuse'; code: string }): string =>
  verdict.kind === 'accept' ? 'accept' : verdict.code;

describe('access.issue_api_key', () => {
  const request = {
    principalId: ada,
    environmentId,
    name: 'k',
    secretHash,
    scopes: ['inventory.level:read'],
    riskCeiling: 'R1' as const,
    expiresAt: null,
  };
  const issue = (history: History, over: object = {}) =>
    given(registry, history, { now }).when(issueApiKey, { ...request, ...over });

  test('issues exactly what was asked for, and gives back the id that completes the key', () => {
    const issuedId: Id<'apiKey'> = `key_${uuid(3)}`;
    expect(issue([holder(), place()])).toEqual({
      kind: 'accept',
      events: [{ type: 'access.api_key.issued', data: { apiKeyId: issuedId, ...request } }],
      response: { apiKeyId: issuedId },
    });
  });

  test.each<[string, History, object]>([
    ['principal_not_found', [place()], {}],
    ['principal_disabled', [holder(), place(), disabled], {}],
    ['environment_not_found', [holder()], {}],
    ['environment_is_control', [holder(), place('CONTROL')], {}],
    ['environment_archived', [holder(), place(), archived], {}],
    ['end_out_of_range', [holder(), place()], { expiresAt: now }],
    ['end_out_of_range', [holder(), place()], { expiresAt: inSeconds(accessLimits.endSecondsMax + 1) }],
  ])('refuses with %s', (code, history, over) => {
    expect(word(issue(history, over))).toBe(code);
  });

  test('lets nobody but a person reach R3', () => {
    for (const type of actorTypes) {
      for (const riskCeiling of riskClasses) {
        const expected = type !== 'USER' && riskCeiling === 'R3' ? 'risk_ceiling_too_high' : 'accept';
        expect(word(issue([holder(type), place()], { riskCeiling }))).toBe(expected);
      }
    }
  });

  test('takes a hash and nothing that could be a secret', () => {
    expect(v.is(issueApiKey.input, request)).toBe(true);
    expect(v.is(issueApiKey.input, { ...request, secretHash: 'c2VjcmV0' })).toBe(false);
    expect(v.is(issueApiKey.input, { ...request, secret: 'x' })).toBe(false);
    expect(v.is(issueApiKey.input, { ...request, scopes: ['everything'] })).toBe(false);
    expect(issueApiKey).toMatchObject({ risk: 'R3', actorTypes: ['USER'] });
  });
});

describe('access.rotate_api_key', () => {
  const old = {
    apiKeyId,
    principalId: ada,
    environmentId,
    name: 'k',
    secretHash,
    scopes: ['inventory.level:read'],
    riskCeiling: 'R2' as const,
    expiresAt: inSeconds(3600),
  };
  const base = [holder(), place(), apiKeyIssued.of(old)];
  const rotate = (history: History, over: object = {}) =>
    given(registry, history, { now }).when(rotateApiKey, {
      apiKeyId,
      secretHash: newHash,
      overlapSeconds: 60,
      ...over,
    });

  test('makes a key that differs in its secret only, and gives the old one an end', () => {
    const replacedBy: Id<'apiKey'> = `key_${uuid(4)}`;
    expect(rotate(base)).toEqual({
      kind: 'accept',
      events: [
        { type: 'access.api_key.issued', data: { ...old, apiKeyId: replacedBy, secretHash: newHash } },
        { type: 'access.api_key.rotated', data: { apiKeyId, replacedBy, expiresAt: inSeconds(60) } },
      ],
      response: { apiKeyId: replacedBy, oldKeyEndsAt: inSeconds(60) },
    });
  });

  test('revokes the old key at once when nothing is to overlap', () => {
    expect(rotate(base, { overlapSeconds: 0 })).toMatchObject({
      events: [{}, { data: { expiresAt: null } }],
      response: { oldKeyEndsAt: now },
    });
    const done = [...base, apiKeyRotated.of({ apiKeyId, replacedBy: `key_${uuid(702)}`, expiresAt: null })];
    expect(rotate(done)).toMatchObject({ code: 'api_key_revoked', detail: { revokedAt: now } });
  });

  test('never makes the old key live longer, and the new one only when told', () => {
    expect(rotate(base, { overlapSeconds: 7200 })).toMatchObject({ response: { oldKeyEndsAt: old.expiresAt } });
    expect(rotate(base)).toMatchObject({ events: [{ data: { expiresAt: old.expiresAt } }, {}] });
    expect(rotate(base, { expiresAt: inSeconds(9999) })).toMatchObject({
      events: [{ data: { expiresAt: inSeconds(9999) } }, {}],
    });
    expect(rotate(base, { expiresAt: null })).toMatchObject({ events: [{ data: { expiresAt: null } }, {}] });
  });

  test.each<[string, History, object]>([
    ['api_key_not_found', [holder()], {}],
    ['api_key_revoked', [...base, apiKeyRevoked.of({ apiKeyId })], {}],
    ['api_key_expired', [...base, apiKeyRotated.of({ apiKeyId, replacedBy: `key_${uuid(702)}`, expiresAt: now })], {}],
    ['principal_disabled', [...base, disabled], {}],
    ['end_out_of_range', base, { expiresAt: now }],
  ])('refuses with %s', (code, history, over) => {
    expect(word(rotate(history, over))).toBe(code);
  });

  test('overlaps for a day at most, and waits for a named human', () => {
    const input = { apiKeyId, secretHash, overlapSeconds: accessLimits.keyOverlapSecondsMax };
    expect(v.is(rotateApiKey.input, input)).toBe(true);
    for (const overlapSeconds of [-1, 0.5, accessLimits.keyOverlapSecondsMax + 1]) {
      expect(v.is(rotateApiKey.input, { ...input, overlapSeconds })).toBe(false);
    }
    expect(rotateApiKey).toMatchObject({ risk: 'R2', environment: 'control' });
  });
});

describe('sessions', () => {
  const request = { environmentId, secretHash, authenticatedAt: now, expiresAt: inSeconds(3600) };
  const open = (history: History, over: object = {}) =>
    given(registry, history, { now }).when(openSession, { ...request, ...over });
  const opened = (principalId: Id<'principal'>) =>
    sessionOpened.of({ sessionId, principalId, ...request, expiresAt: inSeconds(3600) });

  test('are opened by the person whose they are', () => {
    const openedId: Id<'session'> = `ses_${uuid(2)}`;
    expect(open([place()])).toEqual({
      kind: 'accept',
      events: [{ type: 'access.session.opened', data: { sessionId: openedId, principalId: self, ...request } }],
      response: { sessionId: openedId, expiresAt: request.expiresAt },
    });
    expect(openSession).toMatchObject({ internal: true, actorTypes: ['USER'], risk: 'R1', environment: 'control' });
  });

  test.each<[string, History, object]>([
    ['environment_not_found', [], {}],
    ['environment_archived', [place(), archived], {}],
    ['end_out_of_range', [place()], { expiresAt: now }],
    ['end_out_of_range', [place()], { expiresAt: inSeconds(accessLimits.sessionSecondsMax + 1) }],
  ])('are refused with %s', (code, history, over) => {
    expect(word(open(history, over))).toBe(code);
  });

  test('never begin with a login that is still to come, whatever a clock elsewhere says', () => {
    expect(open([place()], { authenticatedAt: inSeconds(30) })).toMatchObject({
      events: [{ data: { authenticatedAt: now } }],
    });
    expect(open([place()], { authenticatedAt: inSeconds(-30) })).toMatchObject({
      events: [{ data: { authenticatedAt: inSeconds(-30) } }],
    });
  });

  test("are closed by their own person, and somebody else's look like none", () => {
    const close = (history: History) => given(registry, history, { now }).when(closeSession, { sessionId });
    expect(close([opened(self)])).toEqual({
      kind: 'accept',
      events: [{ type: 'access.session.closed', data: { sessionId } }],
      response: { sessionId, revokedAt: now },
    });
    const none = { kind: 'refuse', code: 'session_not_found', detail: { sessionId } };
    expect(close([opened(ada)])).toEqual(none as ReturnType<typeof close>);
    expect(close([])).toEqual(none as ReturnType<typeof close>);
    expect(word(close([opened(self), sessionClosed.of({ sessionId })]))).toBe('session_revoked');
    expect(closeSession).toMatchObject({ internal: true, actorTypes: ['USER'] });
  });

  test('are revoked by an administrator, at once and once', () => {
    const revoke = (history: History) => given(registry, history, { now }).when(revokeSession, { sessionId });
    expect(revoke([opened(ada)])).toEqual({
      kind: 'accept',
      events: [{ type: 'access.session.revoked', data: { sessionId } }],
      response: { sessionId, revokedAt: now },
    });
    expect(word(revoke([opened(ada), sessionRevoked.of({ sessionId })]))).toBe('session_revoked');
    expect(word(revoke([]))).toBe('session_not_found');
    expect(revokeSession).toMatchObject({ risk: 'R1', actorTypes: ['USER'], environment: 'control' });
  });
});
