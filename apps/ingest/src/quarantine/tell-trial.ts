import type { ingest } from '@karmanflow/commands';
import { outlineMessage } from './outline-message.ts';

/** Names and places in a list, as they stand in an outline. A field of another name may itself be a value. */
const pathPattern = /^(?:[A-Za-z_][A-Za-z0-9_-]{0,63}|\d{1,3})(?:\.(?:[A-Za-z_][A-Za-z0-9_-]{0,63}|\d{1,3}))*$/;

/**
 * What a held message would become by a mapping that was tried, in one line and without its values, by the rules of its
 * outline: where the command's input has which kinds of values; or what keeps the message from becoming one.
 */
export function tellTrial(trial: ingest.Trial): string {
  if (trial.kind === 'ignored') return 'tried: no rule wants it';
  if (trial.kind === 'unprocessable') {
    const { reason, detail, issues, unknown } = trial;
    const places = issues.map(({ path, message }) => `${pathPattern.test(path) ? path : '*'} ${message}`);
    const names = unknown.length === 0 ? [] : [`names that are not known: ${unknown.length}`];
    return `tried: ${[`${reason}: ${detail}`, ...places, ...names].join('; ')}`;
  }
  const { commandType, input, setLevel } = trial.command;
  const body = new TextEncoder().encode(JSON.stringify(input));
  const { fields } = outlineMessage({ headerNames: [], body });
  const places = Object.entries(fields ?? {}).map(([place, kind]) => `${place} ${kind}`);
  const level = setLevel === null ? [] : [`${setLevel.quantity} brought to a number`];
  return `tried: it would become ${commandType} (${[...places, ...level].join(', ')})`;
}
