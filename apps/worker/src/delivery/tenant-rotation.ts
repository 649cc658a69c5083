/** Something that waits for its turn on behalf of a tenant. Two with the same key are one. */
export interface Waiting {
  readonly tenantId: string;
  readonly key: string;
}

/** Who is next: tenants take turns, however much each of them has waiting. */
export interface TenantRotation<Item extends Waiting> {
  /** False when it waits already. */
  add(item: Item): boolean;
  /** The next one that may go, by the tenants' turns; whoever may not keeps its place. */
  take(mayGo: (item: Item) => boolean): Item | undefined;
  readonly size: number;
}

export function createTenantRotation<Item extends Waiting>(): TenantRotation<Item> {
  /** In the order of the turns: who was served goes to the end. */
  const queues = new Map<string, Map<string, Item>>();
  let size = 0;

  function add(item: Item): boolean {
    const queue = queues.get(item.tenantId) ?? new Map<string, Item>();
    if (queue.has(item.key)) return false;
    queue.set(item.key, item);
    queues.set(item.tenantId, queue);
    size += 1;
    return true;
  }

  function take(mayGo: (item: Item) => boolean): Item | undefined {
    for (const [tenantId, queue] of queues) {
      for (const item of queue.values()) {
        if (!mayGo(item)) continue;
        queue.delete(item.key);
        queues.delete(tenantId);
        if (queue.size > 0) queues.set(tenantId, queue);
        size -= 1;
        return item;
      }
    }
    return undefined;
  }

  return {
    add,
    take,
    get size() {
      return size;
    },
  };
}
