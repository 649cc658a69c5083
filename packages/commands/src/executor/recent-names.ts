/**
 * Remembers at least the last half of `namesMax` names, and at most all. Two generations, of which the older is forgotten as a
 * whole: forgetting the oldest name of one Set walks over all that were forgotten before it.
 */
export class RecentNames {
  readonly #generationMax: number;
  #current = new Set<string>();
  #previous = new Set<string>();

  constructor(namesMax: number) {
    this.#generationMax = Math.max(1, Math.floor(namesMax / 2));
  }

  add(name: string): void {
    this.#current.add(name);
    if (this.#current.size < this.#generationMax) return;
    this.#previous = this.#current;
    this.#current = new Set();
  }

  has(name: string): boolean {
    return this.#current.has(name) || this.#previous.has(name);
  }
}
