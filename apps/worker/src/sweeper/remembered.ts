/** A bounded set of names, for what is told or waited for once; the oldest is forgotten first. */
export interface Remembered {
  /** True when the name was not there. */
  add(name: string): boolean;
  forget(name: string): void;
}

export function createRemembered(options: { readonly namesMax: number }): Remembered {
  const names = new Set<string>();
  return {
    add(name) {
      if (names.has(name)) return false;
      const [oldest] = names;
      if (names.size >= options.namesMax && oldest !== undefined) names.delete(oldest);
      names.add(name);
      return true;
    },
    forget: (name) => void names.delete(name),
  };
}
