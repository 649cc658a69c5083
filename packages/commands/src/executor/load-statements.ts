import { type AnyEntity, fieldOf, type Load, parameterOf } from '../definition/entity.ts';
import type { Registry } from '../definition/registry.ts';
import { selectRows, type Statement } from './statements.ts';

export interface LoadStatement {
  readonly entity: AnyEntity;
  /** Of the tenant's control environment, where that is not the transaction's own. */
  readonly control: boolean;
  readonly statement: Statement;
}

/** The text that says two loads want the same rows. */
export function loadName({ entity, where, control }: Load): string {
  let name = control ? `control ${entity.name}` : entity.name;
  for (const field of Object.keys(where)) name += ` ${field}=${where[field]}`;
  return name;
}

/**
 * One statement for each entity and set of fields, those of the control environment first, then entities in the global
 * lock order and the rows of each sorted: every
 * process takes locks in the same order, so none waits for another in a circle.
 */
export function loadStatements(
  loads: Iterable<Load>,
  options: { registry: Registry; scope: readonly [string, string]; unlocked?: true },
): LoadStatement[] {
  const [tenant, environment] = options.scope;
  const groups = new Map<string, { entity: AnyEntity; control: boolean; fields: string[]; tuples: unknown[][] }>();
  for (const { entity, where, control: wantsControl } of loads) {
    const control = wantsControl === true && environment !== tenant;
    const fields = Object.keys(where);
    const name = `${control} ${entity.name} ${fields.join(' ')}`;
    const group = groups.get(name) ?? { entity, control, fields, tuples: [] };
    groups.set(name, group);
    group.tuples.push(fields.map((field) => parameterOf(fieldOf(entity, field), where[field])));
  }
  const order = [...options.registry.entities.keys()];
  return [...groups.values()]
    .toSorted(
      (one, other) =>
        Number(other.control) - Number(one.control) ||
        order.indexOf(one.entity.name) - order.indexOf(other.entity.name),
    )
    .map(({ entity, control, fields, tuples }) => ({
      entity,
      control,
      statement: selectRows({
        table: entity.table,
        where: fields.map((field) => fieldOf(entity, field).column),
        locked: entity.locked && options.unlocked !== true,
        scope: control ? [tenant, tenant] : options.scope,
        tuples: tuples
          .map((tuple) => ({ tuple, text: tuple.join(' ') }))
          .toSorted(byText)
          .map(({ tuple }) => tuple),
      }),
    }));
}

function byText(one: { text: string }, other: { text: string }): number {
  if (one.text === other.text) return 0;
  return one.text < other.text ? -1 : 1;
}
