import { describe, expect, test } from 'bun:test';
import * as v from 'valibot';
import { UnreadableEvent } from '../define-event-versions.ts';
import { type ConsumerDefinition, defineConsumer, NotNow, tracksOf } from './define-consumer.ts';
import { judgeFailure, reasonOf } from './judge-failure.ts';
import { ClaimLost } from './track-statements.ts';

const sideEffect = async (): Promise<void> => undefined;
const projection = { apply: async () => undefined, clear: async () => undefined };
const define = (change: Partial<ConsumerDefinition>) =>
  defineConsumer({ name: 'sample', sideEffect, onPoison: 'stop', ...change });

describe('a consumer', () => {
  test.each(['a', 'google_pubsub', `a${'b'.repeat(62)}`])('may be called %s', (name) => {
    expect(define({ name }).name).toBe(name);
  });
  test.each(['', 'A', '1a', 'a-b', 'a b', "a'", `a${'b'.repeat(63)}`])('may not be called %p', (name) => {
    expect(() => define({ name })).toThrow(TypeError);
  });
  test.each([{ batchEvents: 0 }, { batchEvents: 1_001 }, { batchEvents: 1.5 }, { triesMax: 0 }])(
    'has bounds: %p',
    (change) => {
      expect(() => define(change)).toThrow(TypeError);
    },
  );
  test('does something, the projection first', () => {
    expect(() => defineConsumer({ name: 'idle', onPoison: 'stop' })).toThrow('neither');
    expect(tracksOf(define({ projection })).map(({ track }) => track)).toEqual(['PROJECTION', 'EFFECT']);
    expect(tracksOf(define({})).map(({ track }) => track)).toEqual(['EFFECT']);
  });
});

const coded = (code: string): Error => Object.assign(new Error('said the database'), { code });

describe('a failure', () => {
  test.each([
    ['claim', new ClaimLost('gone'), 'lost'],
    ['not now', new NotNow('away'), 'later'],
    ['newer version', new UnreadableEvent('newer'), 'later'],
    ['serialisation', coded('40001'), 'later'],
    ['deadlock', coded('40P01'), 'later'],
    ['lock', coded('55P03'), 'later'],
    ['shutdown', coded('57P01'), 'later'],
    ['standby', coded('25006'), 'later'],
    ['idle transaction', coded('25P03'), 'later'],
    ['disk', coded('ENOSPC'), 'later'],
    ['socket', coded('ECONNREFUSED'), 'later'],
    ['driver', new Error('Connection terminated unexpectedly'), 'later'],
    ['statement timeout', coded('57014'), 'event'],
    ['constraint', coded('23505'), 'event'],
    ['value', coded('22P02'), 'event'],
    ['failed transaction', coded('25P02'), 'event'],
    ['shape', new v.ValiError([{ message: 'no' } as never]), 'event'],
    ['bug', new TypeError('undefined is not a function'), 'event'],
    ['text', 'thrown', 'event'],
  ])('of the kind %s', (_, error, kind) => {
    expect(judgeFailure(error)).toBe(kind as never);
  });

  test('is kept as one bounded line that a text column takes', () => {
    expect(reasonOf(new TypeError('a\nb\u0000c'))).toBe('TypeError: a b c');
    expect(reasonOf('x'.repeat(2_000))).toHaveLength(500);
    expect(reasonOf('\ud800')).toBe('\ufffd');
  });
});
