/** What the command line asks for. */
export interface RunArguments {
  readonly stages: readonly string[];
  readonly filters: readonly string[];
}

/** Splits `[stage...] [-- path filters]`. Without a stage, all run. Returns a sentence about the first unknown stage. */
export function parseRunArguments(input: {
  readonly args: readonly string[];
  readonly known: readonly string[];
}): RunArguments | string {
  const separator = input.args.indexOf('--');
  const named = separator === -1 ? input.args : input.args.slice(0, separator);
  const filters = separator === -1 ? [] : input.args.slice(separator + 1);
  const unknown = named.find((name) => !input.known.includes(name));
  if (unknown !== undefined) return `«${unknown}» is no stage. The stages are: ${input.known.join(', ')}`;
  const stages = input.known.filter((name) => named.length === 0 || named.includes(name));
  return { stages, filters };
}
