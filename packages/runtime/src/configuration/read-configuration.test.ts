import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { sharedVariables, readSecretReference } from './shared-variables.ts';
import { describeConfiguration } from './describe-configuration.ts';
import { type ConfigurationShape, readConfiguration } from './read-configuration.ts';
import { required, withDefault } from './variable.ts';

const complete = {
  KF_PROFILE: 'local',
  KF_DATABASE_URL_REF: 'secrets://command-database-url/3',
  KF_SECRETS: 'file:.karmanflow/secrets',
  KF_PUBLIC_URL: 'https://api.example.org/',
};

function messageOf(shape: ConfigurationShape, variables: Record<string, string>): string {
  const result = readConfiguration(shape, variables);
  if (result.ok) throw new Error('expected a refusal');
  return result.message;
}

describe('readConfiguration', () => {
  test('reads each variable into its value, with defaults', () => {
    const result = readConfiguration(sharedVariables, complete);
    expect(result).toEqual({
      ok: true,
      configuration: {
        KF_PROFILE: 'local',
        KF_PORT: 8080,
        KF_METRICS_PORT: 9464,
        KF_DATABASE_URL_REF: 'secrets://command-database-url/3',
        KF_SECRETS: { kind: 'file', directory: '.karmanflow/secrets' },
        KF_PUBLIC_URL: 'https://api.example.org',
        KF_LOG_LEVEL: 'info',
        OTEL_EXPORTER_OTLP_ENDPOINT: null,
      },
      unread: [],
    });
    if (!result.ok) return;
    // The types follow from the shape.
    const port: number = result.configuration.KF_PORT;
    expect(port).toBe(8080);
  });

  test('an app reads its own variables with the shared ones', () => {
    const shape = {
      KF_PORT: sharedVariables.KF_PORT,
      KF_SIGNING_KEY_REF: required(
        { purpose: 'The key that receipts are signed with.', expected: 'a reference' },
        readSecretReference,
      ),
      KF_LANES: withDefault({ purpose: 'Lanes.', expected: 'a number', default: '4' }, Number),
    };
    const result = readConfiguration(shape, { KF_SIGNING_KEY_REF: 'secrets://signing-key' });
    expect(result).toMatchObject({
      ok: true,
      configuration: { KF_PORT: 8080, KF_SIGNING_KEY_REF: 'secrets://signing-key', KF_LANES: 4 },
    });
  });

  test('lists every wrong variable with what is expected, and never what was found', () => {
    const secret = 'postgresql://kf_command:hunter2@db/kf';
    const result = readConfiguration(sharedVariables, {
      KF_PROFILE: secret,
      KF_PORT: secret,
      KF_METRICS_PORT: '65536',
      KF_DATABASE_URL_REF: secret,
      KF_SECRETS: secret,
      KF_LOG_LEVEL: secret,
      OTEL_EXPORTER_OTLP_ENDPOINT: secret,
    });
    expect(JSON.stringify(result)).not.toContain('hunter2');
    expect(JSON.stringify(result)).not.toContain('postgresql://kf_command');
    expect(result).toMatchObject({
      ok: false,
      problems: [
        { variable: 'KF_PROFILE', expected: 'local or production', found: 'something else' },
        { variable: 'KF_PORT', found: 'something else' },
        { variable: 'KF_METRICS_PORT', found: 'something else' },
        { variable: 'KF_DATABASE_URL_REF', found: 'something else' },
        { variable: 'KF_SECRETS', found: 'something else' },
        { variable: 'KF_PUBLIC_URL', found: 'nothing' },
        { variable: 'KF_LOG_LEVEL', found: 'something else' },
        { variable: 'OTEL_EXPORTER_OTLP_ENDPOINT', found: 'something else' },
      ],
    });
    expect(messageOf(sharedVariables, { ...complete, KF_PROFILE: 'staging' })).toBe(
      'the configuration is wrong:\n  KF_PROFILE: expected local or production; found something else',
    );
  });

  const wrong: [string, string][] = [
    ['KF_PORT', '-1'],
    ['KF_PORT', '80.5'],
    ['KF_PORT', ' 80'],
    ['KF_PORT', '0x50'],
    ['KF_PORT', '123456'],
    ['KF_SECRETS', 'file:'],
    ['KF_SECRETS', 'gcp:'],
    ['KF_SECRETS', 'gcp:UPPER-CASE'],
    ['KF_SECRETS', 'env:PASSWORD'],
    ['KF_DATABASE_URL_REF', 'secrets://'],
    ['KF_DATABASE_URL_REF', 'secrets://../escape'],
    ['KF_DATABASE_URL_REF', 'secrets://name/latest'],
    ['KF_PUBLIC_URL', 'ftp://example.org'],
    ['KF_PUBLIC_URL', 'https://user:password@example.org'],
    ['KF_PUBLIC_URL', 'https://example.org/?a=1'],
    ['KF_LOG_LEVEL', 'INFO'],
    ['KF_PROFILE', 'x'.repeat(5_000)],
  ];
  test.each(wrong)('refuses %s = %j', (variable, value) => {
    expect(messageOf(sharedVariables, { ...complete, [variable]: value })).toContain(variable);
  });

  test('empty counts as not set', () => {
    expect(readConfiguration(sharedVariables, { ...complete, KF_PORT: '' })).toMatchObject({
      configuration: { KF_PORT: 8080 },
    });
    expect(messageOf(sharedVariables, { ...complete, KF_PROFILE: '' })).toContain('found nothing');
  });

  test('names the variables that nobody reads, sorted, without their values', () => {
    const result = readConfiguration(sharedVariables, { ...complete, KF_PROT: '80', KF_A: 'hunter2', HOME: 'there' });
    expect(result).toMatchObject({ ok: true, unread: ['KF_A', 'KF_PROT'] });
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });

  test.each(['GOOGLE_SDK_NODE_LOGGING', 'OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_TRACES_HEADERS'])(
    'refuses %s, which carries secrets or prints them',
    (variable) => {
      const message = messageOf(sharedVariables, { ...complete, [variable]: 'authorization=hunter2' });
      expect(message).toContain(`${variable}: expected not set`);
      expect(message).not.toContain('hunter2');
    },
  );

  test('never throws, whatever the environment holds', () => {
    const environments = fc.dictionary(fc.constantFrom(...Object.keys(sharedVariables)), fc.string({ maxLength: 40 }));
    fc.assert(
      fc.property(environments, (variables) => {
        const result = readConfiguration(sharedVariables, variables);
        expect(result.ok || result.message.length > 0).toBe(true);
      }),
    );
  });
});

describe('describeConfiguration', () => {
  test('documents every shared variable in one line each, and each default is one that it would read', () => {
    const described = describeConfiguration(sharedVariables);
    expect(described.map(({ name }) => name)).toEqual(Object.keys(sharedVariables).toSorted());
    expect(described.length).toBeGreaterThan(5);
    for (const { name, purpose, expected, default: fallback } of described) {
      expect(`${purpose}${expected}`).not.toContain('\n');
      expect(purpose).toEndWith('.');
      if (fallback !== null)
        expect(readConfiguration(sharedVariables, { ...complete, [name]: fallback }).ok).toBe(true);
    }
    expect(described.find(({ name }) => name === 'KF_PORT')).toEqual({
      name: 'KF_PORT',
      purpose: 'The port that requests arrive at.',
      expected: 'a port from 0 to 65535, 0 for any',
      default: '8080',
      required: false,
    });
  });
});
