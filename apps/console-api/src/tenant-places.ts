/** How many may be there at once, of one tenant and of all. */
export class TenantPlaces {
  readonly #limits: { readonly all: number; readonly perTenant: number };
  readonly #ofTenant = new Map<string, number>();
  #taken = 0;

  constructor(limits: { readonly all: number; readonly perTenant: number }) {
    this.#limits = limits;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Takes a place, and gives the function that leaves it, once. Null when all are taken. */
  take(tenantId: string): (() => void) | null {
    const ofTenant = this.#ofTenant.get(tenantId) ?? 0;
    if (this.#taken >= this.#limits.all || ofTenant >= this.#limits.perTenant) return null;
    this.#taken += 1;
    this.#ofTenant.set(tenantId, ofTenant + 1);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#taken -= 1;
      const left = (this.#ofTenant.get(tenantId) ?? 1) - 1;
      if (left === 0) this.#ofTenant.delete(tenantId);
      else this.#ofTenant.set(tenantId, left);
    };
  }
}
