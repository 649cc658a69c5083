import { describe, expect, test } from 'bun:test';
import { runtimeRoles } from './definition.ts';
import {
  checksOf,
  expiryPredicate,
  grantsOf,
  policiesOf,
  referencesOf,
  refusedStatementsOf,
  scopePredicate,
  writePredicate,
} from './discipline.ts';
import { columnsOf, type TableName, tableNames, tableOf } from './registry.ts';

const rows = tableNames.map((name) => [name] as const);
/** Types whose comparison operators are leakproof, so that an index on them serves under row-level security. */
const leakproof = new Set(['uuid', 'text', 'bigint', 'integer', 'timestamptz', 'bytea', 'xid8']);
const isSubset = (part: readonly string[], whole: Iterable<string>): boolean =>
  new Set(part).isSubsetOf(new Set(whole));

test('there are tables of every kind, and some of both scopes', () => {
  expect(tableNames.length).toBeGreaterThan(15);
  expect(new Set(tableNames.map((name) => tableOf(name).kind))).toEqual(
    new Set(['entity', 'ledger', 'receipt', 'queue', 'sequence', 'delivery']),
  );
  expect(new Set(tableNames.map((name) => tableOf(name).scope))).toEqual(new Set(['control', 'environment']));
});

describe.each(rows)('table %s', (name) => {
  const table = tableOf(name);
  const columns = columnsOf(name);
  const columnNames = Object.keys(columns);
  const isUpdated = table.kind === 'entity' || (table.kind === 'delivery' && table.grants.update !== undefined);

  test('belongs to a tenant and an environment, and both come first and never change', () => {
    expect(columnNames.slice(0, 2)).toEqual(['tenant_id', 'environment_id']);
    for (const column of ['tenant_id', 'environment_id']) {
      expect(columns[column]).toEqual({ type: 'uuid', nullable: false, fixed: true });
    }
  });

  test('has names in snake case, and none of its own that the registry adds', () => {
    for (const word of [name, ...columnNames]) expect(word).toMatch(/^[a-z]+(_[a-z]+)*$/);
    const added = ['tenant_id', 'environment_id', 'receipt_id', 'written_in', 'version', 'created_at', 'updated_at'];
    const repeated = Object.keys(table.columns).filter((column) => added.includes(column));
    expect(repeated).toEqual([]);
  });

  test('has a key of columns that exist, are never null and never change', () => {
    expect(table.key.length).toBeGreaterThan(0);
    const changeable = grantsOf(name).flatMap((grant) => (grant.privilege === 'UPDATE' ? (grant.columns ?? []) : []));
    for (const column of table.key) {
      expect(columns[column]?.nullable).toBe(false);
      expect(changeable).not.toContain(column);
    }
  });

  test('indexes, unique keys and references name columns that exist, of leakproof types', () => {
    const named = [
      ...table.key,
      ...(table.unique ?? []).flatMap((one) => one.columns),
      ...(table.indexes ?? []).flatMap((one) => one.columns),
      ...(table.references ?? []).flatMap((one) => one.columns),
    ];
    for (const column of named) expect(leakproof.has(columns[column]?.type ?? 'nothing')).toBe(true);
  });

  test('refers to what exists, under a key of the target, with the same types and within the same tenant', () => {
    for (const { columns: own, table: other, target } of referencesOf(name)) {
      expect(tableNames as string[]).toContain(other);
      const targetTable = tableOf(other as TableName);
      const targetColumns = columnsOf(other as TableName);
      expect(own).toHaveLength(target.length);
      expect([own[0], target[0]]).toEqual(['tenant_id', 'tenant_id']);
      for (const [position, column] of own.entries()) {
        expect(columns[column]?.type).toBe(targetColumns[target[position] ?? '']?.type as never);
      }
      const keys = [
        ['tenant_id', 'environment_id', ...targetTable.key],
        ...(targetTable.unique ?? []).map((one) => [
          'tenant_id',
          ...(one.acrossEnvironments ? [] : ['environment_id']),
          ...one.columns,
        ]),
      ];
      expect(keys.map((key) => key.toSorted().join())).toContain(target.toSorted().join());
    }
  });

  test('is bound to the receipt of its transaction exactly when a command writes it', () => {
    const bound = referencesOf(name).some(
      (one) => one.table === 'command_receipts' && one.columns.includes('written_in'),
    );
    expect(bound).toBe(table.kind === 'entity' || table.kind === 'ledger');
    expect(columnNames.includes('written_in')).toBe(['entity', 'ledger', 'receipt'].includes(table.kind));
    expect(columnNames.includes('version')).toBe(table.kind === 'entity');
  });

  test('in the control plane is kept there by a check', () => {
    expect(checksOf(name)['control_only']).toBe(
      table.scope === 'control' ? 'environment_id = tenant_id' : (undefined as never),
    );
  });

  test('has closed lists on text columns only, each without repetition', () => {
    for (const [column, { type, values }] of Object.entries(table.columns)) {
      if (values === undefined) continue;
      expect(type).toBe('text');
      expect(new Set(values).size).toBe(values.length);
      expect(values.length).toBeGreaterThan(0);
      for (const value of values) expect(value).toMatch(/^[A-Za-z][A-Za-z0-9_-]*$/);
      expect(checksOf(name)[`${column}_known`]).toContain(`'${values[0]}'`);
    }
  });

  test('is granted to known roles, and to be deleted from in a queue, or where a projection expires', () => {
    const grants = grantsOf(name);
    expect(grants.length).toBeGreaterThan(0);
    expect(
      isSubset(
        grants.map((grant) => grant.role),
        runtimeRoles,
      ),
    ).toBe(true);
    const privileges = new Set(grants.map((grant) => grant.privilege));
    expect(privileges.has('UPDATE')).toBe(isUpdated);
    const expires = table.grants.expire !== undefined;
    expect(privileges.has('DELETE')).toBe(table.kind === 'queue' || expires);
    if (expires) expect({ kind: table.kind, scope: table.scope }).toEqual({ kind: 'delivery', scope: 'environment' });
    expect(table.grants.drain !== undefined).toBe(table.kind === 'queue');
  });

  test('lets whoever updates it also read it, and change no fixed column and not the scope', () => {
    const { read = [], update = [] } = table.grants;
    expect(isSubset(update, read)).toBe(true);
    for (const grant of grantsOf(name).filter((one) => one.privilege === 'UPDATE')) {
      const granted = grant.columns ?? [];
      expect(isSubset(granted, columnNames)).toBe(true);
      expect(granted.filter((column) => columns[column]?.fixed === true)).toEqual([]);
      if (table.kind === 'entity')
        expect(isSubset(['version', 'updated_at', 'receipt_id', 'written_in'], granted)).toBe(true);
    }
  });

  test('has the one predicate in every policy of ordinary roles, and none that deletes', () => {
    const ordinary = policiesOf(name).filter((policy) => policy.roles.includes('public'));
    expect(ordinary.length).toBeGreaterThanOrEqual(2);
    for (const { command, using, check } of ordinary) {
      expect(['SELECT', 'INSERT', 'UPDATE']).toContain(command);
      expect(using === null || using === scopePredicate).toBe(true);
      const withoutReceipt = ['queue', 'sequence', 'delivery'].includes(table.kind);
      expect(check === null || check === (withoutReceipt ? scopePredicate : writePredicate)).toBe(true);
    }
    for (const policy of policiesOf(name).filter((one) => !one.roles.includes('public'))) {
      if (policy.name === 'lookup_select') {
        expect({ kind: table.kind, scope: table.scope, command: policy.command }).toEqual({
          kind: 'entity',
          scope: 'control',
          command: 'SELECT',
        });
        expect(policy.roles).toEqual([table.grants.lookup ?? '']);
        continue;
      }
      if (policy.name === 'expiry_delete') {
        const { role, since } = table.grants.expire ?? { role: '', since: '' };
        expect(policy).toMatchObject({ command: 'DELETE', roles: [role], using: expiryPredicate(since) });
        expect(columns[since]?.type).toBe('timestamptz');
        expect(policy.using).toStartWith(`${scopePredicate} and `);
        continue;
      }
      if (policy.name === 'overview_select') {
        expect(policy.command).toBe('SELECT');
        expect(policy.roles).toEqual([...(table.grants.overview ?? [])]);
        expect(isSubset(policy.roles, table.grants.read ?? [])).toBe(true);
        continue;
      }
      expect(table.kind).toBe('queue');
      expect(policy.roles).toEqual([table.grants.drain ?? '']);
    }
  });

  test('refuses what its kind must never see, whoever sends it', () => {
    expect(refusedStatementsOf(name)).toEqual(
      {
        entity: ['DELETE', 'TRUNCATE'],
        ledger: ['UPDATE', 'DELETE', 'TRUNCATE'],
        receipt: ['UPDATE', 'DELETE', 'TRUNCATE'],
        queue: [],
        sequence: ['UPDATE', 'DELETE', 'TRUNCATE'],
        delivery: [
          ...(isUpdated ? [] : ['UPDATE']),
          ...(table.grants.expire === undefined ? ['DELETE'] : []),
          'TRUNCATE',
        ],
      }[table.kind],
    );
  });

  test('in a queue holds ids, positions and due times, and nothing else', () => {
    if (table.kind !== 'queue') return expect(table.grants.drain).toBeUndefined();
    for (const { type } of Object.values(table.columns))
      expect(['uuid', 'uuid[]', 'bigint', 'timestamptz']).toContain(type);
  });
});

describe('what the sequencer writes', () => {
  const sequences = tableNames.filter((name) => tableOf(name).kind === 'sequence');

  test.each(sequences.map((name) => [name] as const))('%s is written by it alone, and never changed', (name) => {
    const { insert, update, read = [], overview } = tableOf(name).grants;
    expect({ insert, update }).toEqual({ insert: ['kf_sequencer'], update: undefined as never });
    expect(read).toContain('kf_sequencer');
    const followers = name === 'stream_events' ? ['kf_delivery', 'kf_worker'] : ['kf_sequencer'];
    expect(overview === undefined || isSubset(overview, followers)).toBe(true);
    const types = Object.values(tableOf(name).columns).map(({ type }) => type);
    expect(isSubset(types, ['uuid', 'bigint', 'bytea', 'xid8', 'timestamptz', 'text'])).toBe(true);
  });

  test('is positions, hashes and signed notes; it sees those of the log across tenants, and no other table', () => {
    expect(sequences.toSorted()).toEqual([
      'log_checkpoints',
      'log_leaves',
      'log_roots',
      'sequencer_terms',
      'stream_events',
    ]);
    const seenWhole = tableNames.filter((name) => tableOf(name).grants.overview?.includes('kf_sequencer'));
    expect(seenWhole).toEqual(['log_leaves', 'log_roots', 'log_checkpoints']);
    const texts = sequences.flatMap((name) =>
      Object.entries(tableOf(name).columns).flatMap(([column, { type }]) => (type === 'text' ? [column] : [])),
    );
    expect(texts).toEqual(['note']);
  });
});

describe('what delivery writes', () => {
  const projections = tableNames.filter(
    (name) => tableOf(name).kind === 'delivery' && tableOf(name).grants.insert?.includes('kf_delivery'),
  );

  test.each(projections.map((name) => [name] as const))('%s is written by it alone, and read by the API', (name) => {
    const { insert, update = ['kf_delivery'], read } = tableOf(name).grants;
    expect({ insert, update }).toEqual({ insert: ['kf_delivery'], update: ['kf_delivery'] });
    expect(read).toEqual(['kf_command', 'kf_read', 'kf_delivery']);
  });

  test('are cursors, deliveries and how far recoveries are; what an attempt was is never changed', () => {
    expect(projections).toEqual([
      'webhook_cursors',
      'webhook_health',
      'webhook_deliveries',
      'webhook_attempts',
      'webhook_recovery_progress',
    ]);
    expect(projections.filter((name) => tableOf(name).grants.update === undefined)).toEqual(['webhook_attempts']);
  });

  test('it removes deliveries and their attempts, once they are over for long, and nothing else', () => {
    const removed = tableNames.filter((name) => tableOf(name).grants.expire !== undefined);
    expect(removed).toEqual(['webhook_deliveries', 'webhook_attempts']);
    expect(removed.map((name) => tableOf(name).grants.expire)).toEqual([
      { role: 'kf_delivery', since: 'ended_at' },
      { role: 'kf_delivery', since: 'started_at' },
    ]);
  });

  test('it writes nothing else, and sees across tenants what has ids and positions only', () => {
    const written = tableNames.filter((name) =>
      grantsOf(name).some(({ role, privilege }) => role === 'kf_delivery' && privilege !== 'SELECT'),
    );
    expect(written).toEqual(projections);
    const seen = tableNames.filter((name) => tableOf(name).grants.overview?.includes('kf_delivery'));
    expect(seen).toEqual(['webhook_roster', 'stream_events', 'webhook_cursors']);
    for (const name of seen) {
      const open = Object.values(columnsOf(name)).filter(({ type, values }) => type === 'text' && values === undefined);
      expect(open).toEqual([]);
      const types = Object.values(columnsOf(name)).map(({ type }) => type);
      expect(isSubset(types, ['uuid', 'bigint', 'integer', 'boolean', 'xid8', 'timestamptz', 'text'])).toBe(true);
    }
  });

  test('of what tenants have it reads the events, and what was decided about webhooks', () => {
    const read = tableNames.filter((name) =>
      grantsOf(name).some(({ role, privilege }) => role === 'kf_delivery' && privilege === 'SELECT'),
    );
    expect(read).toEqual([
      'environments',
      'webhook_subscriptions',
      'webhook_roster',
      'webhook_recoveries',
      'domain_events',
      'stream_events',
      ...projections,
    ]);
  });
});

describe('what durable consumers write', () => {
  const written = tableNames.filter(
    (name) => tableOf(name).kind === 'delivery' && tableOf(name).grants.insert?.includes('kf_worker'),
  );

  test('is how far they have come and what they parked, by the worker alone', () => {
    expect(written).toEqual(['consumer_tracks', 'consumer_parked']);
    for (const name of written) {
      const { insert, update, read } = tableOf(name).grants;
      expect({ insert, update }).toEqual({ insert: ['kf_worker'], update: ['kf_worker'] });
      expect(read).toEqual(['kf_command', 'kf_read', 'kf_worker']);
    }
  });

  test('is seen across tenants as positions, lists of known words, and names that the code gives', () => {
    const seen = tableNames.filter((name) => tableOf(name).grants.overview?.includes('kf_worker'));
    expect(seen).toEqual(['stream_events', 'consumer_tracks']);
    const open = seen.flatMap((name) =>
      Object.entries(columnsOf(name)).filter(([, { type, values }]) => type === 'text' && values === undefined),
    );
    expect(open.map(([column]) => column)).toEqual(['consumer']);
    expect(checksOf('consumer_tracks')['consumer_plain']).toContain('^[a-z]');
  });
});

test('one table is looked up across tenants: who logs in, by the hash of an identity', () => {
  const found = tableNames.filter((name) => tableOf(name).grants.lookup !== undefined);
  expect(found).toEqual(['principal_identities']);
  const [grant] = grantsOf('principal_identities').filter(({ role }) => role === 'kf_login');
  expect(grant).toEqual({
    role: 'kf_login',
    privilege: 'SELECT',
    columns: ['tenant_id', 'environment_id', 'identity_hash', 'principal_id', 'status'],
  });
});

test('a table stands behind every table that it refers to, or refers to itself, so that writing in this order works', () => {
  let references = 0;
  for (const [position, name] of tableNames.entries()) {
    for (const { table: other } of referencesOf(name)) {
      if (other === 'command_receipts') continue;
      references += 1;
      expect({ name, other, inOrder: tableNames.indexOf(other as TableName) <= position }).toEqual({
        name,
        other,
        inOrder: true,
      });
    }
  }
  expect(references).toBeGreaterThan(15);
});

test('only the table of values that can be erased is outside the events', () => {
  expect(tableNames.filter((name) => tableOf(name).outsideEvents)).toEqual(['personal_data']);
});
