import { expect, test } from 'bun:test';
import { createProgress } from './progress.ts';

function recorder(isTerminal: boolean) {
  let time = 0;
  let text = '';
  const output = { isTerminal, write: (more: string) => void (text += more) };
  const progress = createProgress(output, () => time);
  return {
    progress,
    text: () => text,
    pass: (milliseconds: number) => {
      time += milliseconds;
    },
  };
}

test('each step is one line with its time, in the order of the ends', () => {
  const { progress, text, pass } = recorder(false);
  const first = progress.begin('console-api');
  pass(1_250);
  const second = progress.begin('ingest');
  pass(300);
  second('http://127.0.0.1:4001');
  first();
  expect(text()).toBe('  ✓ ingest          0.3 s  http://127.0.0.1:4001\n  ✓ console-api     1.6 s\n');
});

test('a terminal shows what is under way, and writes over it', () => {
  const { progress, text } = recorder(true);
  const first = progress.begin('Postgres');
  progress.begin('schema');
  first();
  progress.abandon();
  progress.line('✗ no');
  const erase = '\r\u001B[2K';
  expect(text()).toBe(
    [
      `${erase}  … Postgres`,
      `${erase}  … Postgres, schema`,
      `${erase}  ✓ Postgres        0.0 s\n`,
      `${erase}  … schema`,
      erase,
      '✗ no\n',
    ].join(''),
  );
});
