import { types } from 'pg';

/**
 * How Postgres values become the values of `Row`: bigint as a safe integer, times as RFC 3339 text in UTC with
 * milliseconds. Given to each pool, never set globally: other users of `pg` in the process keep their own.
 */
const bigintOid = 20;
const timestamptzOid = 1184;

/** Throws beyond 2^53 - 1: our quantities are bounded far below, so a larger one is corruption, not data. */
export function parseBigint(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} is beyond what a number holds exactly`);
  return value;
}

/** `2026-11-22 03:04:05.1+00` becomes `2026-11-22T03:04:05.100Z`. The session's time zone is UTC. */
export function parseTimestamp(text: string): string {
  const zone = text.indexOf('+', 19);
  if (text.charCodeAt(10) !== 32 || text.slice(zone) !== '+00') return new Date(text).toISOString();
  const fraction = zone > 19 ? text.slice(20, zone) : '';
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${fraction.padEnd(3, '0').slice(0, 3)}Z`;
}

export const valueParsers = {
  getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
    if (format !== 'binary' && oid === bigintOid) return parseBigint;
    if (format !== 'binary' && oid === timestamptzOid) return parseTimestamp;
    // pg's declaration lists the known oids only; an unknown one gets the text parser.
    return types.getTypeParser(oid as never, (format ?? 'text') as never) as (value: string) => unknown;
  },
};
