import { describe, expect, test } from 'bun:test';
import type { Id } from '@karmanflow/schema';
import * as fc from 'fast-check';
import * as v from 'valibot';
import { registry } from '../../registry.ts';
import { given } from '../../testing/given-when-then.ts';
import { type IngestPreset, ingestSourceRegistered } from '../access/index.ts';
import { ingestBounds } from './ingest-bounds.ts';
import { setLimits, updateSource } from './index.ts';
import {
  type PresetSettings,
  settingsFromText,
  settingsText,
  withLimits,
  withVerification,
} from './preset-settings.ts';

const ingestSourceId: Id<'ingestSource'> = 'src_00000000-0000-7000-8000-000000000003';
const registeredUrl = 'https://hooks.acme.example/v1/ingest/{address}';

function source(preset: IngestPreset, settings: PresetSettings = {}) {
  return ingestSourceRegistered.of({
    ingestSourceId,
    code: 'web-shop',
    principalId: 'prn_00000000-0000-7000-8000-000000000001',
    environmentId: 'env_00000000-0000-7000-8000-000000000002',
    preset,
    secretRefs: ['secrets://one'],
    toleranceSeconds: 300,
    settings: settingsText(settings),
  });
}

type Limits = Parameters<typeof setLimits.decide>[1]['limits'];
type Changes = Omit<Parameters<typeof updateSource.decide>[1], 'ingestSourceId'>;

const limit = (before: Parameters<typeof given>[1], limits: Limits) =>
  given(registry, before).when(setLimits, { ingestSourceId, limits });
const update = (before: Parameters<typeof given>[1], changes: Partial<Changes>) =>
  given(registry, before).when(updateSource, { ingestSourceId, settings: {}, ...changes });

function accepted<Verdict extends { readonly kind: string }>(
  verdict: Verdict,
): Extract<Verdict, { readonly kind: 'accept' }> {
  if (verdict.kind !== 'accept') throw new Error(JSON.stringify(verdict));
  // What is left of the union.
  return verdict as Extract<Verdict, { readonly kind: 'accept' }>;
}

describe('ingest.set_limits', () => {
  const square = source('square', { registeredUrl, limits: { bodyBytes: 4_096, burstMessages: 10 } });

  test('changes the limits that are named, and nothing else', () => {
    const verdict = accepted(limit([square], { messagesPerSecond: 5, burstMessages: 7 }));
    expect(verdict.events).toMatchObject([{ type: 'access.ingest_source.limits_changed', data: { ingestSourceId } }]);
    const settings = { registeredUrl, limits: { bodyBytes: 4_096, messagesPerSecond: 5, burstMessages: 7 } };
    expect(verdict.response).toEqual({ ingestSourceId, settings });
    const back = accepted(limit([square, ...verdict.events], { messagesPerSecond: null, bodyBytes: null }));
    expect(back.response).toEqual({ ingestSourceId, settings: { registeredUrl, limits: { burstMessages: 7 } } });
  });

  test('without its last limit a source is as if it never had one', () => {
    const verdict = accepted(limit([source('shopify', { limits: { bodyBytes: 2_048 } })], { bodyBytes: null }));
    expect(verdict.events).toMatchObject([{ data: { settings: '{}' } }]);
  });

  test('says when the source is not there, or has these limits already', () => {
    expect(limit([], { bodyBytes: 2_048 })).toMatchObject({ code: 'ingest_source_not_found' });
    expect(limit([square], { bodyBytes: 4_096, messagesPerSecond: null })).toMatchObject({
      code: 'ingest_source_unchanged',
    });
  });

  test('takes limits that a source may be registered with, and at least one', () => {
    const parsed = (limits: unknown) => v.safeParse(setLimits.input, { ingestSourceId, limits }).success;
    const right = [{ bodyBytes: 1_024 }, { messagesPerSecond: 1, burstMessages: null }];
    expect(right.map(parsed)).toEqual([true, true]);
    const wrong = [
      {},
      null,
      { bodyBytes: 1_023 },
      { messagesPerSecond: 0 },
      { burstMessages: ingestBounds.burstMessagesMax + 1 },
      { messagesPerSecond: 1.5 },
      { perMinute: 1 },
      { registeredUrl },
    ];
    for (const one of wrong) expect([one, parsed(one)]).toEqual([one, false]);
  });
});

describe('ingest.update_source', () => {
  const limits = { messagesPerSecond: 5 };

  test('changes the tolerance, the settings, or both; limits stay', () => {
    const before = [source('http-signatures', { registeredUrl, limits })];
    const wider = accepted(update(before, { toleranceSeconds: 600 }));
    expect(wider.response).toEqual({ ingestSourceId, toleranceSeconds: 600, settings: { registeredUrl, limits } });
    expect(wider.events).toMatchObject([{ type: 'access.ingest_source.verification_changed' }]);
    const httpSignatures = { requiredComponents: ['@target-uri'], tag: 'shop' };
    const more = accepted(update([...before, ...wider.events], { settings: { httpSignatures } }));
    expect(more.response).toEqual({
      ingestSourceId,
      toleranceSeconds: 600,
      settings: { registeredUrl, limits, httpSignatures },
    });
    // As a whole: what the sender no longer names is not left behind.
    const other = { httpSignatures: { requiredComponents: ['@path'] } };
    const replaced = accepted(update([...before, ...wider.events, ...more.events], { settings: other }));
    expect(replaced.response).toMatchObject({ settings: other });
    expect(JSON.stringify(replaced.response)).not.toContain('tag');
  });

  test('null takes a setting away, where the preset can do without', () => {
    const shop = source('shopify', { registeredUrl });
    expect(accepted(update([shop], { settings: { registeredUrl: null } })).response).toMatchObject({ settings: {} });
    expect(update([source('square', { registeredUrl })], { settings: { registeredUrl: null } })).toMatchObject({
      code: 'ingest_settings_invalid',
      detail: { problem: 'the scheme signs the address: registeredUrl is missing' },
    });
  });

  test.each<[string, IngestPreset, Changes['settings']]>([
    ['a scheme for a preset that has its own', 'shopify', { genericHmac: {} }],
    ['components for a preset that signs none', 'stripe', { httpSignatures: {} }],
    ['a signed address that nobody knows', 'generic-hmac', { genericHmac: { signedContent: [{ part: 'url' }] } }],
    // Each of these characters is two in the text that is kept.
    ['more than is kept', 'shopify', { registeredUrl: `https://${'"'.repeat(2_040)}` }],
  ])('%s is refused', (_what, preset, settings) => {
    expect(v.is(updateSource.input, { ingestSourceId, settings })).toBe(true);
    expect(update([source(preset)], { settings })).toMatchObject({ code: 'ingest_settings_invalid' });
  });

  test('says when the source is not there, or is like that already', () => {
    expect(update([], { toleranceSeconds: 60 })).toMatchObject({ code: 'ingest_source_not_found' });
    const square = [source('square', { registeredUrl })];
    expect(update(square, { toleranceSeconds: 300 })).toMatchObject({ code: 'ingest_source_unchanged' });
    const same = { toleranceSeconds: 300, settings: { registeredUrl, genericHmac: null } };
    expect(update(square, same)).toMatchObject({ code: 'ingest_source_unchanged' });
  });

  test('takes what changes something, and no limits', () => {
    const parsed = (rest: object) => v.safeParse(updateSource.input, { ingestSourceId, ...rest }).success;
    const right = [{ toleranceSeconds: 1 }, { settings: { registeredUrl: null } }];
    expect(right.map(parsed)).toEqual([true, true]);
    const wrong = [
      {},
      { settings: {} },
      { toleranceSeconds: 0 },
      { toleranceSeconds: null },
      { toleranceSeconds: ingestBounds.toleranceMaxSeconds + 1 },
      { settings: { limits } },
      { settings: { registeredUrl: 'http://plain.example/' } },
      { settings: { httpSignatures: { requiredComponents: ['@method'] } } },
      { preset: 'stripe', toleranceSeconds: 60 },
    ];
    for (const one of wrong) expect([one, parsed(one)]).toEqual([one, false]);
  });
});

test('what loosens the verification is R3 and for people, what slows a source down waits for nobody', () => {
  expect([updateSource, setLimits].map(({ risk, actorTypes }) => [risk, actorTypes])).toEqual([
    ['R3', ['USER']],
    ['R1', undefined],
  ]);
});

test('changing twice is changing once, limits and verification leave each other alone, and the text keeps everything', () => {
  const number = fc.integer({ min: 1_024, max: 10_000 });
  const limits = fc.record(
    { bodyBytes: number, messagesPerSecond: number, burstMessages: number },
    { requiredKeys: [] },
  );
  const limitChanges = fc.record(
    { bodyBytes: fc.option(number), messagesPerSecond: fc.option(number), burstMessages: fc.option(number) },
    { requiredKeys: [] },
  );
  const url = fc.integer({ min: 0, max: 9 }).map((path) => `https://hooks.acme.example/${path}`);
  const settings = fc.record({ registeredUrl: url, limits }, { requiredKeys: [] });
  const changes = fc.record({ registeredUrl: fc.option(url) }, { requiredKeys: [] });
  fc.assert(
    fc.property(settings, limitChanges, changes, (before, wanted, verification) => {
      const once = withLimits(before, wanted);
      expect(withLimits(once, wanted)).toEqual(once);
      expect(once.registeredUrl).toEqual(before.registeredUrl);
      const other = withVerification(before, verification);
      expect(withVerification(other, verification)).toEqual(other);
      expect(other.limits).toEqual(before.limits);
      expect(settingsFromText(settingsText(once))).toEqual(once);
      expect(settingsFromText(settingsText(other))).toEqual(other);
    }),
  );
});
