import { describe, expect, test } from 'bun:test';
import type { EventDraft } from '@karmanflow/events';
import type { Id } from '@karmanflow/schema';
import * as v from 'valibot';
import type { CommandDefinition } from '../../definition/command.ts';
import { registry } from '../../registry.ts';
import { given } from '../../testing/given-when-then.ts';
import {
  cancelRecovery,
  createSubscription,
  deleteSubscription,
  finishRecovery,
  pauseSubscription,
  recordHealth,
  recover,
  replayDelivery,
  resumeRecovery,
  resumeSubscription,
  rotateWebhookSecret,
  sendTest,
  updateSubscription,
  webhooks,
} from './index.ts';
import { webhookBounds } from './webhook-bounds.ts';

const now = '2026-01-01T00:00:00.000Z';
const later = '2026-01-01T01:00:00.000Z';
const unknownId: Id<'webhookSubscription'> = 'whs_00000000-0000-7000-8000-0000000000ff';
const unknownRecovery: Id<'webhookRecovery'> = 'whr_00000000-0000-7000-8000-0000000000ff';
const deliveryId: Id<'webhookDelivery'> = 'whd_00000000-0000-7000-8000-0000000000ee';
const url = 'https://hooks.acme.example/in';

const exercised = new Set<string>();

/** What a command decides after these events. Its input is parsed as the pipeline does. */
function decide(events: readonly EventDraft[], command: (typeof webhooks.commands)[number], input: object, at = now) {
  const scenario = given(registry, events, { now });
  // Every command of the feature, by the one form that the scenario takes.
  const verdict = scenario.when(command as CommandDefinition, v.parse(command.input, input), { now: at });
  if (verdict.kind === 'refuse') exercised.add(`${command.type} ${verdict.code}`);
  return verdict;
}

/** The same, of what must be accepted. */
function accepted(events: readonly EventDraft[], command: (typeof webhooks.commands)[number], input: object, at = now) {
  const verdict = decide(events, command, input, at);
  if (verdict.kind !== 'accept') throw new Error(`${command.type}: ${verdict.code}`);
  const response = verdict.response as Record<string, never>;
  return { events: [...events, ...verdict.events], added: verdict.events, response };
}
function refusal(
  events: readonly EventDraft[],
  command: (typeof webhooks.commands)[number],
  input: object,
  at = now,
): string {
  const verdict = decide(events, command, input, at);
  return verdict.kind === 'refuse' ? verdict.code : verdict.kind;
}

const created = accepted([], createSubscription, { url, eventTypes: ['inventory.*'] });
const subscriptionId: string = created.response['subscriptionId'] ?? '';
const of = { subscriptionId };
const deleted = accepted(created.events, deleteSubscription, of);

describe('webhook.create_subscription', () => {
  test('begins with what comes from now on, in order by entity, with the first secret', () => {
    expect(created.response).toMatchObject({ state: 'ENABLED', secretVersion: 1, generation: 1, version: 1 } as never);
    expect(created.added).toEqual([
      {
        type: 'webhook.subscription.created',
        data: {
          subscriptionId,
          url,
          eventTypes: ['inventory.*'],
          description: null,
          ordering: 'BY_ENTITY',
          headers: {},
          ratePerSecond: webhookBounds.ratePerSecondDefault,
          maxInFlight: webhookBounds.inFlightDefault,
          asymmetric: false,
          startMode: 'FROM_NOW',
          startSeq: null,
        },
      },
    ]);
  });

  test('or with a position of the stream', () => {
    const { added } = accepted([], createSubscription, { url, eventTypes: ['*'], fromSeq: 1, ordering: 'STRICT' });
    expect(added).toMatchObject([{ data: { startMode: 'FROM_SEQ', startSeq: 1, ordering: 'STRICT' } }]);
  });

  test('no more of them than the environment can have; those that ended do not count', () => {
    const many: EventDraft[] = [];
    for (let index = 0; index < webhookBounds.subscriptionsPerEnvironment; index += 1) {
      const id = `whs_00000000-0000-7000-9000-${String(index).padStart(12, '0')}`;
      many.push({
        type: 'webhook.subscription.created',
        data: { ...Object(created.added[0]?.data), subscriptionId: id },
      });
    }
    expect(refusal(many, createSubscription, { url, eventTypes: ['*'] })).toBe('webhook_subscription_limit_reached');
    const one = {
      type: 'webhook.subscription.deleted',
      data: { subscriptionId: 'whs_00000000-0000-7000-9000-000000000007' },
    };
    expect(refusal([...many, one], createSubscription, { url, eventTypes: ['*'] })).toBe('accept');
  });
});

describe('webhook.update_subscription', () => {
  test('changes what is named and leaves the rest', () => {
    const { added, response } = accepted(created.events, updateSubscription, {
      ...of,
      description: 'B',
      maxInFlight: 2,
    });
    expect(added).toMatchObject([{ data: { url, description: 'B', maxInFlight: 2, eventTypes: ['inventory.*'] } }]);
    expect(response).toEqual({ subscriptionId, version: 2 } as never);
    expect(v.is(updateSubscription.input, of)).toBe(false);
    expect(accepted(created.events, updateSubscription, { ...of, description: '' }).added).toMatchObject([
      { data: { description: null } },
    ]);
  });

  test('another address begins with a clean record, so that what was observed before counts no more', () => {
    const health = {
      ...of,
      healthEpoch: 1,
      health: 'SUSPENDED',
      reason: 'consecutive_failures',
      evidence,
      since: later,
    };
    const sick = accepted(created.events, recordHealth, health);
    const moved = accepted(sick.events, updateSubscription, { ...of, url: 'https://other.acme.example/' });
    expect(refusal(moved.events, recordHealth, health)).toBe('webhook_health_superseded');
    expect(refusal(moved.events, resumeSubscription, { ...of, from: 'NOW' })).toBe('webhook_subscription_not_stopped');
  });
});

const evidence = {
  consecutiveFailures: 12,
  failingSince: now,
  lastFailureCode: 'timed_out',
  lastFailureAt: now,
  lastSuccessAt: null,
  nextProbeAt: later,
};

describe('pausing and resuming', () => {
  const paused = accepted(created.events, pauseSubscription, of);

  test('asks from where to go on, and begins a generation unless it is from where it stopped', () => {
    expect(paused.response).toEqual({ subscriptionId, state: 'PAUSED', version: 2 } as never);
    expect(refusal(paused.events, pauseSubscription, of)).toBe('webhook_subscription_paused');
    expect(v.is(resumeSubscription.input, of)).toBe(false);
    const resume = (from: string) => accepted(paused.events, resumeSubscription, { ...of, from });
    expect(resume('WHERE_IT_STOPPED').response).toMatchObject({ generation: 1 } as never);
    expect(resume('NOW').response).toMatchObject({ generation: 2, state: 'ENABLED' } as never);
    const latest = resume('LATEST_PER_ENTITY');
    expect(latest.response).toMatchObject({ generation: 2 } as never);
    expect(refusal(latest.events, resumeSubscription, { ...of, from: 'NOW' })).toBe('webhook_subscription_not_stopped');
    const again = accepted(accepted(latest.events, pauseSubscription, of).events, resumeSubscription, {
      ...of,
      from: 'NOW',
    });
    expect(again.response).toMatchObject({ generation: 3 } as never);
  });

  test.each(['SUSPENDED', 'GONE'])('is also how a person frees an endpoint that is %s', (health) => {
    const observed = { ...of, healthEpoch: 1, health, reason: 'seen', evidence, since: now };
    const sick = accepted(created.events, recordHealth, observed);
    const freed = accepted(sick.events, resumeSubscription, { ...of, from: 'WHERE_IT_STOPPED' });
    expect(refusal(freed.events, recordHealth, observed)).toBe('webhook_health_superseded');
    expect(refusal(freed.events, recordHealth, { ...observed, healthEpoch: 2 })).toBe('accept');
  });
});

describe('webhook.rotate_secret', () => {
  const rotate = (events: readonly EventDraft[], at: string, overlapSeconds?: number) =>
    accepted(events, rotateWebhookSecret, { ...of, ...(overlapSeconds === undefined ? {} : { overlapSeconds }) }, at);

  test('lets the old secret sign on for the overlap, a day unless given', () => {
    const once = rotate(created.events, now);
    expect(once.response).toEqual({
      subscriptionId,
      secretVersion: 2,
      retiringVersion: 1,
      retiringUntil: '2026-01-02T00:00:00.000Z',
      version: 2,
    } as never);
    const afterwards = rotate(once.events, '2026-01-02T00:00:00.000Z', 60);
    expect(afterwards.response).toMatchObject({ secretVersion: 3, retiringVersion: 2 } as never);
  });

  test('again within the overlap keeps every secret since the oldest, until the later end', () => {
    const twice = rotate(rotate(created.events, now, 7_200).events, later, 60);
    expect(twice.response).toMatchObject({
      secretVersion: 3,
      retiringVersion: 1,
      retiringUntil: '2026-01-01T02:00:00.000Z',
    } as never);
    expect(rotate(twice.events, later, 0).response).toMatchObject({
      secretVersion: 4,
      retiringVersion: null,
      retiringUntil: null,
    } as never);
  });

  test('does not let more sign than a receiver should have to try', () => {
    let { events } = created;
    for (let live = 2; live <= webhookBounds.liveSecrets; live += 1) ({ events } = rotate(events, now));
    expect(refusal(events, rotateWebhookSecret, of)).toBe('webhook_secret_limit_reached');
    expect(refusal(events, rotateWebhookSecret, { ...of, overlapSeconds: 0 })).toBe('accept');
    expect(refusal(events, rotateWebhookSecret, of, '2026-01-02T00:00:00.000Z')).toBe('accept');
  });

  test('tells no secret: neither the event nor the stored answer has one', () => {
    const { added, response } = rotate(created.events, now);
    expect(JSON.stringify([added, response, created.added, created.response])).not.toMatch(/whsec|whsk|secret":"/);
  });
});

describe('a recovery', () => {
  const range = { ...of, fromSeq: 3, toSeq: 9, expectedCount: 5 };
  const running = accepted(created.events, recover, range);
  const recoveryId: string = running.response['recoveryId'] ?? '';
  const finished = { recoveryId, doneCount: 4, failedCount: 1, moreMatch: false };

  test('is of a range, or of one delivery', () => {
    expect(running.added).toMatchObject([
      {
        type: 'webhook.recovery.started',
        data: { kind: 'RECOVER', fromSeq: 3, toSeq: 9, eventTypes: [], onlyFailed: false },
      },
    ]);
    expect(v.is(recover.input, { ...range, fromSeq: 10 })).toBe(false);
    // Deliveries follow from no event of a command: that one which is there is sent again has its test against a database.
    expect(refusal(created.events, replayDelivery, { ...of, deliveryId })).toBe('webhook_delivery_not_found');
  });

  test('is cancelled, resumed and finished, each when there is a point in it', () => {
    const cancelled = accepted(running.events, cancelRecovery, { recoveryId });
    expect(cancelled.response).toMatchObject({ status: 'CANCELLED', version: 2 } as never);
    expect(refusal(cancelled.events, cancelRecovery, { recoveryId })).toBe('webhook_recovery_not_running');
    expect(refusal(cancelled.events, finishRecovery, finished)).toBe('webhook_recovery_not_running');
    expect(refusal(running.events, resumeRecovery, { recoveryId })).toBe('webhook_recovery_not_cancelled');
    const resumed = accepted(cancelled.events, resumeRecovery, { recoveryId });
    expect(refusal(resumed.events, finishRecovery, { ...finished, doneCount: 5 })).toBe('webhook_recovery_overdone');
    expect(accepted(resumed.events, finishRecovery, finished).response).toEqual({
      recoveryId,
      status: 'DONE',
    } as never);
    expect(accepted(resumed.events, finishRecovery, { ...finished, moreMatch: true }).response).toMatchObject({
      status: 'STOPPED_AT_BOUND',
    } as never);
    const ended = [...cancelled.events, { type: 'webhook.subscription.deleted', data: of }];
    expect(refusal(ended, resumeRecovery, { recoveryId })).toBe('webhook_subscription_deleted');
  });

  test('is not there, or is one too many', () => {
    for (const command of [cancelRecovery, resumeRecovery]) {
      expect(refusal([], command, { recoveryId: unknownRecovery })).toBe('webhook_recovery_not_found');
    }
    expect(refusal([], finishRecovery, { ...finished, recoveryId: unknownRecovery })).toBe(
      'webhook_recovery_not_found',
    );
    const cancelled = accepted(running.events, cancelRecovery, { recoveryId });
    let { events } = cancelled;
    for (let index = 0; index < webhookBounds.recoveriesUnderWay; index += 1) {
      const id = `whr_00000000-0000-7000-9000-${String(index).padStart(12, '0')}`;
      events = [
        ...events,
        { type: 'webhook.recovery.started', data: { ...Object(running.added[0]?.data), recoveryId: id } },
      ];
    }
    expect(refusal(events, recover, range)).toBe('webhook_recovery_limit_reached');
    expect(refusal(events, replayDelivery, { ...of, deliveryId })).toBe('webhook_recovery_limit_reached');
    expect(refusal(events, resumeRecovery, { recoveryId })).toBe('webhook_recovery_limit_reached');
  });
});

describe('the health of an endpoint', () => {
  test('is recorded as it changes, and once', () => {
    const observed = { ...of, healthEpoch: 1, health: 'DEGRADED', reason: 'failure_ratio', evidence, since: now };
    const known = accepted(created.events, recordHealth, observed);
    expect(known.added).toMatchObject([
      { type: 'webhook.subscription.health_changed', data: { health: 'DEGRADED', evidence } },
    ]);
    expect(refusal(known.events, recordHealth, observed)).toBe('webhook_health_unchanged');
    expect(refusal(known.events, recordHealth, { ...observed, health: 'HEALTHY', reason: 'recovered' })).toBe('accept');
  });

  test('has no words of the receiver in it', () => {
    const observed = { ...of, healthEpoch: 1, health: 'DEGRADED', reason: 'seen', evidence, since: now };
    const told = { ...observed, evidence: { ...evidence, lastFailureCode: 'we are down, call Jane' } };
    expect([v.is(recordHealth.input, observed), v.is(recordHealth.input, told)]).toEqual([true, false]);
  });
});

test('what is deleted stays so, and what is not there is not there', () => {
  const observed = { healthEpoch: 1, health: 'DEGRADED', reason: 'seen', evidence, since: now };
  const inputs = new Map<(typeof webhooks.commands)[number], object>([
    [updateSubscription, { description: 'x' }],
    [pauseSubscription, {}],
    [resumeSubscription, { from: 'NOW' }],
    [rotateWebhookSecret, {}],
    [deleteSubscription, {}],
    [sendTest, {}],
    [recover, { fromSeq: 1, toSeq: 1, expectedCount: 1 }],
    [replayDelivery, { deliveryId }],
    [recordHealth, observed],
  ]);
  for (const [command, input] of inputs) {
    const about = (id: string): object => ({ ...input, subscriptionId: id });
    expect(refusal([], command, about(unknownId))).toBe('webhook_subscription_not_found');
    expect(refusal(deleted.events, command, about(subscriptionId))).toBe('webhook_subscription_deleted');
  }
  expect(accepted(created.events, sendTest, of).added).toEqual([
    { type: 'webhook.subscription.test_requested', data: of },
  ]);
});

test('where events go is for people and systems to say; only deleting waits for a human; two are the worker’s', () => {
  const said = webhooks.commands.map(({ type, risk, actorTypes, internal }) => [
    type.slice(8),
    risk,
    actorTypes ?? 'all',
    internal ?? false,
  ]);
  const senders = ['USER', 'SERVICE'];
  expect<unknown>(said).toEqual([
    ['create_subscription', 'R1', senders, false],
    ['update_subscription', 'R1', senders, false],
    ['pause_subscription', 'R1', 'all', false],
    ['resume_subscription', 'R1', 'all', false],
    ['rotate_secret', 'R1', senders, false],
    ['delete_subscription', 'R2', 'all', false],
    ['send_test', 'R1', 'all', false],
    ['recover', 'R1', 'all', false],
    ['replay_delivery', 'R1', 'all', false],
    ['cancel_recovery', 'R1', 'all', false],
    ['resume_recovery', 'R1', 'all', false],
    ['finish_recovery', 'R1', ['SYSTEM'], true],
    ['record_health', 'R1', ['SYSTEM'], true],
  ]);
});

test('every declared refusal was seen above, and no other', () => {
  const declared = webhooks.commands.flatMap(({ type, refusals }) => refusals.map((code) => `${type} ${code}`));
  expect(declared.length).toBeGreaterThan(30);
  expect([...exercised].toSorted()).toEqual(declared.toSorted());
});
