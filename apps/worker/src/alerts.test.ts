import { expect, test } from 'bun:test';
import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createMetrics, renderMetrics } from '@karmanflow/runtime';
import { createConnectorMetrics } from './connectors/connector-metrics.ts';
import { createDeliveryMetrics } from './delivery/delivery-metrics.ts';
import { createIntegrityMetrics } from './integrity/integrity-metrics.ts';
import { createSequencerMetrics } from './sequencer/sequencer-metrics.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string; readonly action: string };
}

const directory = resolve(import.meta.dir, '../../../infra/alerts');
const files = await readdir(directory);

test('there are alerts for the sequencer, for integrity and for those who follow the streams', () => {
  expect(files.toSorted()).toEqual(['integrity.yaml', 'sequencer.yaml', 'streams.yaml']);
});

test.each(files)(
  'each alert of %s asks for metrics and label values that there are, and says what to do',
  async (file) => {
    // The file is ours; a rule without one of these fields fails below.
    const { groups } = Bun.YAML.parse(await Bun.file(resolve(directory, file)).text()) as {
      groups: { rules: Rule[] }[];
    };
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(1);
    const metrics = createMetrics({ app: 'worker' });
    createSequencerMetrics(metrics, ['witness.example/a']);
    createIntegrityMetrics(metrics);
    createConnectorMetrics(metrics);
    createDeliveryMetrics(metrics, () => 0);
    const { body } = await renderMetrics(metrics, null);
    for (const { alert, expr, annotations } of rules) {
      expect(alert).not.toBe('');
      const named = expr.match(/\bkf_\w+/g) ?? [];
      expect(named.length).toBeGreaterThan(0);
      for (const name of named) expect(body).toContain(`# TYPE ${name} `);
      for (const [, label, values = ''] of expr.matchAll(/(\w+)(?:!=|=~|=)"([^"]+)"/g)) {
        for (const value of values.split('|')) expect(body).toContain(`${label}="${value}"`);
      }
      for (const text of [annotations.summary, annotations.action]) expect(text).toEndWith('.');
    }
  },
);
