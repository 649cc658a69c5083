import type { PlaceIds } from '../harness/session.ts';
import { planRows, type PlannedRows } from '../world/plan-place.ts';
import type { RowsByTable } from '../world/row-of.ts';
import type { Arrival } from '../world/seed-world.ts';
import type { World } from '../world/world.ts';

/** Somebody whose rows are known before they exist, so that A can name them in both worlds. */
export interface Stranger {
  readonly ids: PlaceIds;
  readonly text: string;
  readonly placeName: string;
  readonly rows: RowsByTable;
  /** What to commit so that the stranger exists, place by place. */
  readonly arrival: readonly Arrival[];
}

function merged(...plans: readonly PlannedRows[]): RowsByTable {
  return Object.assign({}, ...plans.map(({ byTable }) => byTable)) as RowsByTable; // Object.assign of such records.
}

/** Another tenant with a control environment and one more, in each of which every table has a row. */
export function newTenant({ newId }: World): Stranger {
  const tenantId = newId();
  const environmentId = newId();
  const text = `stranger ${tenantId}`;
  const environments = { itself: tenantId, shared: environmentId, spare: newId(), rival: newId() };
  const control = { name: 'control', kind: 'control', tenantId, environmentId: tenantId, environments } as const;
  const environment = { name: 'here', kind: 'environment', tenantId, environmentId } as const;
  const inControl = planRows(control, { label: 'shared', text, earlier: {}, newId });
  const inEnvironment = planRows(environment, { label: 'shared', text, earlier: {}, newId });
  return {
    ids: { tenantId, environmentId },
    text,
    placeName: 'here',
    rows: merged(inControl, inEnvironment),
    arrival: [
      { place: control, entries: inControl.entries },
      { place: environment, entries: inEnvironment.entries },
    ],
  };
}

/** Another environment of tenant A itself. */
export function newEnvironment(world: World): Stranger {
  const { newId, control } = world;
  const environmentId = newId();
  const text = `stranger ${environmentId}`;
  const registering = planRows(
    { ...control, kind: 'control' },
    { label: 'rival', text, earlier: control.rows.shared, newId },
  );
  const registration = registering.entries
    .filter(([name]) => name === 'command_receipts' || name === 'environments')
    .map(([name, row]) => [name, name === 'environments' ? { ...row, id: environmentId } : row] as const);
  // Its own name keeps its idempotency keys apart from A's: those are the tenant's, by declaration.
  const environment = { name: environmentId, kind: 'environment', tenantId: control.tenantId, environmentId } as const;
  const planned = planRows(environment, { label: 'shared', text, earlier: {}, newId });
  return {
    ids: { tenantId: control.tenantId, environmentId },
    text,
    placeName: 'here',
    rows: merged(planned),
    arrival: [
      { place: control, entries: registration },
      { place: environment, entries: planned.entries },
    ],
  };
}
