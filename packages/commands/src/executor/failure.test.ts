import { describe, expect, test } from 'bun:test';
import { classifyFailure, isConnectionLoss, isKeyTakenElsewhere, isUniqueViolation, sqlStateOf } from './failure.ts';

const failure = (code: string, message = 'x', more: Record<string, unknown> = {}): Error =>
  Object.assign(new Error(message), { code, ...more });

describe('a failure of the database', () => {
  test.each([
    ['23505', 'conflict', 'unique violation'],
    ['40001', 'conflict', 'serialization failure'],
    ['40P01', 'conflict', 'deadlock'],
    ['55P03', 'transient', 'lock timeout'],
    ['57014', 'transient', 'statement timeout'],
    ['25P03', 'transient', 'idle in transaction'],
    ['25P04', 'transient', 'transaction timeout'],
    ['53100', 'transient', 'disk full'],
    ['53200', 'transient', 'out of memory'],
    ['53300', 'transient', 'too many connections'],
    ['58030', 'transient', 'I/O error'],
    ['57P01', 'transient', 'terminated by an administrator'],
    ['57P02', 'transient', 'crash of another backend'],
    ['57P03', 'transient', 'starting up'],
    ['08006', 'transient', 'connection failure'],
    ['23514', 'permanent', 'check violation'],
    ['23503', 'permanent', 'foreign key violation'],
    ['42501', 'permanent', 'row-level security'],
    ['42P01', 'permanent', 'no such table'],
    ['22003', 'permanent', 'out of range'],
  ] as const)('%s is %s (%s)', (code, expected) => {
    expect(classifyFailure(failure(code))).toBe(expected);
  });
});

const named = (errors: readonly unknown[]): [string, unknown][] =>
  errors.map((error) => [
    error instanceof Error ? `${'code' in error ? error.code : ''} ${error.message}` : String(error),
    error,
  ]);

describe('a failure of the connection', () => {
  test.each(
    named([
      failure('ECONNREFUSED'),
      failure('ECONNRESET'),
      failure('EPIPE'),
      failure('ETIMEDOUT'),
      failure('EHOSTUNREACH'),
      new Error('Connection terminated unexpectedly'),
      new Error('Query read timeout'),
      new Error('timeout exceeded when trying to connect'),
      new Error('Client has encountered a connection error and is not queryable'),
      failure('57P01', 'terminating connection due to administrator command'),
    ]),
  )('«%s» leaves open what became of the transaction, and is tried again', (_name, error) => {
    expect(isConnectionLoss(error)).toBe(true);
    expect(classifyFailure(error)).toBe('transient');
  });

  test.each(
    named([failure('23505'), failure('55P03'), failure('40P01'), new Error('of a feature'), 'text', null, undefined]),
  )('«%s» is none', (_name, error) => {
    expect(isConnectionLoss(error)).toBe(false);
  });
});

describe('a bug', () => {
  test.each(
    named([
      new TypeError('undefined is not a function'),
      failure('ERR_INVALID_ARG_TYPE', 'The "data" argument must be of type string'),
      failure('ERR_OUT_OF_RANGE', 'The value of "offset" is out of range'),
      new Error('the reservation is closed already'),
      new Error('the list ended before its time'),
      'text',
      null,
      undefined,
    ]),
  )('«%s» is permanent: trying again until the deadline would stop its whole lane', (_name, error) => {
    expect(classifyFailure(error)).toBe('permanent');
  });
});

test('a SQLSTATE is five letters or digits of an error, and nothing else', () => {
  expect(sqlStateOf(failure('23505'))).toBe('23505');
  for (const wrong of [
    failure('ECONNRESET'),
    failure('EPIPE'),
    failure('EBUSY'),
    failure('2350'),
    new Error('23505'),
    { code: '23505' },
    null,
  ]) {
    expect(sqlStateOf(wrong)).toBeNull();
  }
});

test('a key is taken elsewhere when, and only when, the unique key of receipts says so', () => {
  const constraint = 'command_receipts_command_type_idempotency_key_hash_key';
  expect(isKeyTakenElsewhere(failure('23505', 'x', { constraint }))).toBe(true);
  expect(isKeyTakenElsewhere(failure('23505', 'x', { constraint: 'variants_sku_key' }))).toBe(false);
  expect(isKeyTakenElsewhere(failure('23514', 'x', { constraint }))).toBe(false);
  expect(isUniqueViolation(failure('23505'))).toBe(true);
  expect(isUniqueViolation(failure('23503'))).toBe(false);
});
