import { checksOf, referencesOf, type TableName, tableNames } from '@karmanflow/schema';

/** Every table after the tables that it refers to. Throws when they refer to each other in a circle. */
export function tablesInOrder(): readonly TableName[] {
  const placed = new Set<string>();
  const order: TableName[] = [];
  while (order.length < tableNames.length) {
    const ready = tableNames.filter(
      (name) => !placed.has(name) && referencesOf(name).every(({ table }) => table === name || placed.has(table)),
    );
    if (ready.length === 0)
      throw new Error('tables refer to each other in a circle: the seed cannot fill them in turn');
    for (const name of ready) placed.add(name);
    order.push(...ready);
  }
  return order;
}

/** Tables of which a tenant has one row at most: its id is the tenant's. */
export function isSingleton(name: TableName): boolean {
  return 'is_itself' in checksOf(name);
}
