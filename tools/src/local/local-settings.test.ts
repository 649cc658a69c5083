import { describe, expect, test } from 'bun:test';
import { join, resolve } from 'node:path';
import { appPortsOf, readLocalSettings } from './local-settings.ts';
import { valueOf } from './local-problem.ts';

const root = resolve('checkout');

function problemWith(environment: Record<string, string>): string {
  const outcome = readLocalSettings({ root, environment });
  if (outcome.ok) throw new Error('the settings were accepted');
  expect(outcome.problem.code).toBe('setting_invalid');
  return `${outcome.problem.message} ${outcome.problem.whatToDo}`;
}

describe('settings of the local environment', () => {
  test('without variables it lives in the checkout, on the ports of the documentation', () => {
    const settings = valueOf(readLocalSettings({ root, environment: { KF_INGEST_PORT: '' } }));
    expect(settings).toEqual({
      root,
      stateDirectory: join(root, '.karmanflow'),
      databaseUrl: null,
      postgresPort: 54_321,
      apps: {
        'console-api': { port: 4000, metricsPort: 4100 },
        ingest: { port: 4001, metricsPort: 4101 },
        worker: { port: 4002, metricsPort: 4102 },
        identity: { port: 4003, metricsPort: 4103 },
        receiver: { port: 4004, metricsPort: 4104 },
      },
    });
    expect(appPortsOf(settings, ['worker'])).toEqual([
      { variable: 'KF_WORKER_PORT', port: 4002 },
      { variable: 'KF_WORKER_METRICS_PORT', port: 4102 },
    ]);
  });

  test('every port can be moved', () => {
    const environment = { KF_POSTGRES_PORT: '5', KF_CONSOLE_API_PORT: '6', KF_WORKER_METRICS_PORT: '65535' };
    const settings = valueOf(readLocalSettings({ root, environment }));
    expect(settings.postgresPort).toBe(5);
    expect(settings.apps['console-api'].port).toBe(6);
    expect(settings.apps.worker.metricsPort).toBe(65_535);
  });

  test.each(['0', '65536', '-1', 'http', '40 00', '0x10'])('%j is no port', (text) => {
    expect(problemWith({ KF_INGEST_PORT: text })).toContain('KF_INGEST_PORT');
  });

  test('two parts on one port are refused, with the variable to change', () => {
    expect(problemWith({ KF_INGEST_PORT: '4000' })).toBe(
      'KF_CONSOLE_API_PORT and KF_INGEST_PORT are both 4000. Set KF_INGEST_PORT to another port.',
    );
    expect(problemWith({ KF_POSTGRES_PORT: '4102' })).toContain('KF_WORKER_METRICS_PORT');
  });

  test('a state directory has the one name, since a reset removes what is in it', () => {
    expect(problemWith({ KF_STATE_DIRECTORY: '..' })).toContain('.karmanflow');
    const environment = { KF_STATE_DIRECTORY: 'elsewhere/.karmanflow' };
    const settings = valueOf(readLocalSettings({ root, environment }));
    expect(settings.stateDirectory).toBe(join(root, 'elsewhere', '.karmanflow'));
  });
});
