import { describe, expect, test } from 'bun:test';
import type { EventDraft } from '@karmanflow/events';
import type { Id } from '@karmanflow/schema';
import * as v from 'valibot';
import { registry } from '../../registry.ts';
import { given } from '../../testing/given-when-then.ts';
import { ingestSourceRegistered } from '../access/index.ts';
import { ingestBounds } from './ingest-bounds.ts';
import { pauseSource, registerSource, resumeSource, rotateSecret, setMapping } from './index.ts';

const principalId: Id<'principal'> = 'prn_00000000-0000-7000-8000-000000000001';
const environmentId: Id<'environment'> = 'env_00000000-0000-7000-8000-000000000002';
const ingestSourceId: Id<'ingestSource'> = 'src_00000000-0000-7000-8000-000000000003';
const principalRegistered = (data: object) => ({ type: 'access.principal.registered', data });
const environmentCreated = (name: string, kind: string) => ({
  type: 'access.environment.created',
  data: { environmentId, name, kind },
});
const connector = principalRegistered({
  principalId,
  type: 'CONNECTOR',
  handle: 'shop',
  ownerId: null,
  personalDataId: null,
});
const sandbox = environmentCreated('sandbox', 'SANDBOX');
const registered = ingestSourceRegistered.of({
  ingestSourceId,
  code: 'web-shop',
  principalId,
  environmentId,
  preset: 'shopify',
  secretRefs: ['secrets://one'],
  toleranceSeconds: 300,
});
const request = {
  code: 'web-shop',
  principalId,
  environmentId,
  preset: 'shopify',
  secretRefs: ['secrets://one'],
  toleranceSeconds: 300,
  settings: {},
} as const;
const parsed = (input: unknown) => v.safeParse(registerSource.input, input);
const input = v.parse(registerSource.input, request);

describe('ingest.register_source', () => {
  const people = [connector, sandbox];

  test('registers a source, which begins to send at once', () => {
    const verdict = given(registry, people).when(registerSource, input);
    expect(verdict).toMatchObject({
      kind: 'accept',
      events: [{ type: 'access.ingest_source.registered', data: { preset: 'shopify', settings: '{}' } }],
    });
  });

  test.each<[string, readonly EventDraft[], string]>([
    ['a code that another has', [...people, registered], 'code_taken'],
    ['a principal that is not there', [sandbox], 'principal_not_found'],
    [
      'a disabled principal',
      [...people, { type: 'access.principal.disabled', data: { principalId } }],
      'principal_disabled',
    ],
    [
      'somebody who is no connector',
      [principalRegistered({ ...connector.data, type: 'SERVICE' }), sandbox],
      'principal_not_connector',
    ],
    ['an environment that is not there', [connector], 'environment_not_found'],
    ['the control environment', [connector, environmentCreated('control', 'CONTROL')], 'environment_is_control'],
  ])('%s is refused', (_what, before, code) => {
    expect(given(registry, before).when(registerSource, input)).toMatchObject({ kind: 'refuse', code });
  });

  test('takes references and never secrets, and settings that go with the preset', () => {
    expect(parsed(request).success).toBe(true);
    const wrong = [
      { ...request, preset: 'amazon' },
      { ...request, secretRefs: [] },
      { ...request, secretRefs: ['whsec_AAAA'] },
      { ...request, secretRefs: ['secrets://one', 'secrets://one'] },
      {
        ...request,
        secretRefs: Array.from({ length: ingestBounds.secretsPerSource + 1 }, (_, n) => `secrets://s${n}`),
      },
      { ...request, preset: 'square' },
      { ...request, settings: { genericHmac: {} } },
      { ...request, settings: { registeredUrl: 'http://plain.example/' } },
      { ...request, preset: 'generic-hmac', settings: { genericHmac: { algorithm: 'hmac-sha1' } } },
      {
        ...request,
        preset: 'generic-hmac',
        settings: { genericHmac: { signedContent: [{ part: 'body' }, { part: 'url' }] } },
      },
      { ...request, preset: 'http-signatures' },
      { ...request, settings: { httpSignatures: {} } },
      ...[
        { requiredComponents: ['@method'] },
        { requiredComponents: ['@target-uri', 'X-Upper'] },
        { messageId: { source: 'query' } },
        { nonceIsRequired: false },
      ].map((httpSignatures) => ({
        ...request,
        preset: 'http-signatures',
        settings: { registeredUrl: 'https://hooks.acme.example/in', httpSignatures },
      })),
      ...[{ bodyBytes: 10 }, { messagesPerSecond: 0 }, { burstMessages: 1e9 }, { perMinute: 1 }].map((limits) => ({
        ...request,
        settings: { limits },
      })),
      { ...request, status: 'ACTIVE' },
    ];
    for (const one of wrong) expect([one, parsed(one).success]).toEqual([one, false]);
    const url = { ...request, preset: 'square', settings: { registeredUrl: 'https://hooks.acme.example/in' } };
    expect(parsed(url).success).toBe(true);
    const signed = {
      registeredUrl: 'https://hooks.acme.example/v1/ingest/{address}',
      httpSignatures: { requiredComponents: ['@path', 'date'], messageId: { source: 'header', header: 'x-id' } },
      limits: { bodyBytes: 4_096, messagesPerSecond: 5, burstMessages: 10 },
    };
    expect(parsed({ ...request, preset: 'http-signatures', settings: signed }).success).toBe(true);
  });
});

describe('a source', () => {
  const source = [connector, sandbox, registered];
  const paused = given(registry, source).when(pauseSource, { ingestSourceId });
  if (paused.kind !== 'accept') throw new Error(paused.code);

  test('is paused and resumed, and says when it is so already', () => {
    const stopped = given(registry, [...source, ...paused.events]);
    expect(stopped.when(pauseSource, { ingestSourceId })).toMatchObject({ code: 'ingest_source_paused' });
    expect(stopped.when(resumeSource, { ingestSourceId })).toMatchObject({ response: { status: 'ACTIVE' } });
    expect(given(registry, source).when(resumeSource, { ingestSourceId })).toMatchObject({
      code: 'ingest_source_not_paused',
    });
    expect(given(registry, []).when(pauseSource, { ingestSourceId })).toMatchObject({
      code: 'ingest_source_not_found',
    });
  });

  test('gets a second secret before it loses the first, and never has none', () => {
    const at = given(registry, source);
    const change = (add: string[], remove: string[]) => at.when(rotateSecret, { ingestSourceId, add, remove });
    expect(change(['secrets://two'], [])).toMatchObject({
      response: { secretRefs: ['secrets://one', 'secrets://two'] },
    });
    expect(change(['secrets://two'], ['secrets://one'])).toMatchObject({ response: { secretRefs: ['secrets://two'] } });
    expect(change([], ['secrets://one'])).toMatchObject({ code: 'secret_count_out_of_range' });
    expect(change(['secrets://one'], [])).toMatchObject({ code: 'secret_already_live' });
    expect(change([], ['secrets://two'])).toMatchObject({ code: 'secret_not_live' });
  });

  test('gets its mapping in revisions, and none that could issue what is not for partners', () => {
    const set = (mapping: Record<string, unknown>) =>
      given(registry, source).when(setMapping, { ingestSourceId, mapping });
    const verdict = set({ template: 'karmanflow' });
    if (verdict.kind !== 'accept') throw new Error(verdict.code);
    expect(verdict.response).toEqual({ ingestSourceId, revision: 1 });
    const next = given(registry, [...source, ...verdict.events]).when(setMapping, {
      ingestSourceId,
      mapping: { template: 'karmanflow' },
    });
    expect(next).toMatchObject({ response: { revision: 2 } });
    expect(set({ template: 'amazon' })).toMatchObject({ code: 'mapping_invalid' });
    const issuing = (command: string) => set({ rules: [{ when: [], command, input: { object: {} } }] });
    for (const command of ['no.command', 'access.issue_api_key', 'reservation.expire', 'ingest.set_mapping']) {
      expect(issuing(command)).toMatchObject({ code: 'command_type_unknown' });
    }
    expect(issuing('reservation.commit')).toMatchObject({ kind: 'accept' });
  });
});

test('giving a partner a way in, or another meaning, waits for a human; closing it does not', () => {
  const risks = [registerSource, pauseSource, resumeSource, rotateSecret, setMapping].map(({ type, risk }) => [
    type,
    risk,
  ]);
  expect(risks).toEqual([
    ['ingest.register_source', 'R3'],
    ['ingest.pause_source', 'R1'],
    ['ingest.resume_source', 'R2'],
    ['ingest.rotate_secret', 'R2'],
    ['ingest.set_mapping', 'R2'],
  ]);
});
