import { expect, test } from 'bun:test';
import { resolve } from 'node:path';
import { createMetrics, renderMetrics } from '@karmanflow/runtime';
import { createSequencerMetrics } from './sequencer-metrics.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string; readonly action: string };
}

test('each alert asks for metrics and label values that the sequencer has, and says what to do', async () => {
  const path = resolve(import.meta.dir, '../../../../infra/alerts/sequencer.yaml');
  // The file is ours; a rule without one of these fields fails below.
  const { groups } = Bun.YAML.parse(await Bun.file(path).text()) as { groups: { rules: Rule[] }[] };
  const rules = groups.flatMap((group) => group.rules);
  expect(rules.length).toBeGreaterThan(5);
  const metrics = createMetrics({ app: 'worker' });
  createSequencerMetrics(metrics, ['witness.example/a']);
  const { body } = await renderMetrics(metrics, null);
  const named = rules.flatMap(({ expr }) => expr.match(/\bkf_\w+/g) ?? []);
  expect(new Set(named).size).toBeGreaterThan(5);
  for (const name of named) expect(body).toContain(`# TYPE ${name} `);
  const matched = rules.flatMap(({ expr }) => [...expr.matchAll(/(\w+)(?:!=|=~|=)"([^"]+)"/g)]);
  expect(matched.length).toBeGreaterThan(3);
  for (const [, label, values = ''] of matched) {
    for (const value of values.split('|')) expect(body).toContain(`${label}="${value}"`);
  }
  for (const { alert, annotations } of rules) {
    expect(alert).not.toBe('');
    for (const text of [annotations.summary, annotations.action]) expect(text).toEndWith('.');
  }
});
