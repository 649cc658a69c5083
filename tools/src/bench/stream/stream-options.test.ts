import { expect, test } from 'bun:test';
import { streamBenchOptions } from './stream-options.ts';

test('the options of the stream bench, and their defaults', () => {
  expect(streamBenchOptions([])).toEqual({ json: false, events: 10_000, repeats: 3, atOnce: 64, entities: 200 });
  expect(
    streamBenchOptions(['--json', '--events', '500', '--repeats', '1', '--at-once', '8', '--entities', '5']),
  ).toEqual({
    json: true,
    events: 500,
    repeats: 1,
    atOnce: 8,
    entities: 5,
  });
  for (const wrong of [['--events', '0'], ['--repeats', 'x'], ['--at-once', '257'], ['--what']])
    expect(() => streamBenchOptions(wrong)).toThrow('bun run bench -- stream');
});
