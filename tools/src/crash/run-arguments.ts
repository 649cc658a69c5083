export interface RunArguments {
  readonly seed: number;
  readonly seconds: number;
  /** Whether data, history and logs stay after a run that passed. */
  readonly keeps: boolean;
}

const secondsDefault = 60;
const secondsInCi = 18;
const secondsMax = 3_600;
export const usage = 'usage: bun tools/src/crash/main.ts [--seed N] [--seconds S] [--ci] [--keep]';

/** Reads the arguments, or says what is wrong with them. `--ci` makes the whole of it end in under 75 s. */
export function readRunArguments(
  words: readonly string[],
  defaults: { readonly seed: number },
): RunArguments | { readonly problem: string } {
  let { seed } = defaults;
  let seconds: number | null = null;
  let isCi = false;
  let keeps = false;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at];
    if (word === '--ci' || word === '--keep') {
      isCi ||= word === '--ci';
      keeps ||= word === '--keep';
      continue;
    }
    const value = Number(words[at + 1]);
    const isWhole = Number.isSafeInteger(value) && value >= 0;
    if (word === '--seed' && isWhole) seed = value;
    else if (word === '--seconds' && isWhole && value >= 1 && value <= secondsMax) seconds = value;
    else return { problem: `${word} is not understood; ${usage}` };
    at += 1;
  }
  return { seed, seconds: seconds ?? (isCi ? secondsInCi : secondsDefault), keeps };
}
