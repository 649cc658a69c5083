import { describe, expect, test } from 'bun:test';
import type { Id } from '@karmanflow/schema';
import * as v from 'valibot';
import { registry } from '../../registry.ts';
import { given } from '../../testing/given-when-then.ts';
import { messageDiscarded, messageQuarantined, messageTrialRequested } from './events.ts';
import { ingestBounds } from './ingest-bounds.ts';
import { recheckMessage, releaseMessage, tryMapping } from './index.ts';

const quarantinedMessageId: Id<'quarantinedMessage'> = 'qtn_00000000-0000-7000-8000-000000000004';
const ingestSourceId: Id<'ingestSource'> = 'src_00000000-0000-7000-8000-000000000003';
const now = '2026-01-01T00:00:00.000Z';
const expiresAt = '2026-01-15T00:00:00.000Z';
const held = messageQuarantined.of({
  quarantinedMessageId,
  ingestSourceId,
  messageId: 'evt-1',
  contentKey: 'a'.repeat(64),
  reason: 'mapping_missing',
  storedBytes: 4,
  payloadId: null,
  outlineId: null,
  expiresAt,
});
const mapping = { template: 'karmanflow' };
const ended = { quarantinedMessageId, ingestSourceId, storedBytes: 4 };

describe('ingest.try_mapping', () => {
  const attempt = (before: Parameters<typeof given>[1], document: Record<string, unknown> = mapping, at = now) =>
    given(registry, before).when(tryMapping, { quarantinedMessageId, mapping: document }, { now: at });

  test('has the message tried on a mapping that nobody has set', () => {
    const verdict = attempt([held]);
    if (verdict.kind !== 'accept') throw new Error(verdict.code);
    expect(verdict.events).toEqual([
      messageTrialRequested.of({ quarantinedMessageId, ingestSourceId, mapping: '{"template":"karmanflow"}' }),
    ]);
    expect(verdict.response).toEqual({ quarantinedMessageId, status: 'CHECK_REQUESTED' });
    // One request at a time, of whatever kind.
    const asked = given(registry, [held, ...verdict.events]);
    for (const command of [recheckMessage, releaseMessage]) {
      expect(asked.when(command, { quarantinedMessageId })).toMatchObject({ code: 'quarantined_message_not_held' });
    }
  });

  test.each<[string, Parameters<typeof given>[1], string, string]>([
    ['that is not there', [], now, 'quarantined_message_not_found'],
    ['that was discarded', [held, messageDiscarded.of(ended)], now, 'quarantined_message_not_held'],
    ['whose time is over', [held], expiresAt, 'quarantined_message_expired'],
  ])('a message %s is refused', (_what, before, at, code) => {
    expect(attempt(before, mapping, at)).toMatchObject({ kind: 'refuse', code });
  });

  test('takes what the source could be given, and nothing else', () => {
    expect(attempt([held], { rules: [] })).toMatchObject({ code: 'mapping_invalid' });
    const issuing = (command: string) => attempt([held], { rules: [{ when: [], command, input: { object: {} } }] });
    for (const command of ['no.command', 'access.issue_api_key', 'ingest.set_mapping']) {
      expect(issuing(command)).toMatchObject({ code: 'command_type_unknown' });
    }
    expect(issuing('reservation.commit')).toMatchObject({ kind: 'accept' });
    const large = { template: 'x'.repeat(ingestBounds.mappingCharacters + 1) };
    expect(v.is(tryMapping.input, { quarantinedMessageId, mapping: large })).toBe(false);
    expect(v.is(tryMapping.input, { quarantinedMessageId })).toBe(false);
  });

  test('is for people, with a scope of its own', () => {
    expect([tryMapping.risk, tryMapping.actorTypes]).toEqual(['R1', ['USER']]);
    expect([recheckMessage.scope, releaseMessage.scope] as string[]).not.toContain(tryMapping.scope);
  });
});
