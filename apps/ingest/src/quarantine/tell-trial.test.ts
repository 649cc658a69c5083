import { expect, test } from 'bun:test';
import { tellTrial } from './tell-trial.ts';

const held = { kind: 'unprocessable', reason: 'shape_mismatch', detail: 'the body has another shape' } as const;

test('a command is told by where it has which kinds of values', () => {
  const command = {
    commandType: 'reservation.create',
    input: { lines: [{ variantId: 'var_1', quantity: 3 }], reference: 'ORDER-17', 'ada@acme.example': true },
    subject: 'ORDER-17',
    setLevel: null,
  };
  const told = tellTrial({ kind: 'command', command });
  expect(told).toBe(
    'tried: it would become reservation.create (/lines/-/variantId text, /lines/-/quantity number, /reference text, /* boolean)',
  );
  const level = { ...command, input: {}, setLevel: { quantity: 'available', to: 41 } as const };
  expect(tellTrial({ kind: 'command', command: level })).toContain('available brought to a number');
  expect(tellTrial({ kind: 'command', command: level })).not.toContain('41');
});

test('what keeps a message from becoming one is told by its place, and no name of the message', () => {
  const issues = [
    { path: 'lines.0.quantity', message: 'must be number' },
    { path: 'data.ada@acme.example', message: 'unknown field' },
    { path: '4915112345678', message: 'unknown field' },
    { path: '', message: 'must be Object' },
  ];
  expect(tellTrial({ ...held, issues, unknown: ['CUP-7', 'LONDON'] })).toBe(
    'tried: shape_mismatch: the body has another shape; lines.0.quantity must be number; * unknown field; * unknown field;' +
      ' * must be Object; names that are not known: 2',
  );
  expect(tellTrial({ ...held, issues: [], unknown: [] })).toBe('tried: shape_mismatch: the body has another shape');
  expect(tellTrial({ kind: 'ignored' })).toBe('tried: no rule wants it');
});
