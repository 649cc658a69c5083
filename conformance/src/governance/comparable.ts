import type { GovernedAnswer } from './governed.ts';

/** What differs between any two answers, whatever was asked: ids and what is made of them, times, and how long it took. */
const differing: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/g, 'time'],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'id'],
  [/00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}/g, 'trace'],
  [/sha256:[0-9a-f]{64}/g, 'hash'],
  [/[A-Za-z0-9+/]{42,}={0,2}/g, 'bytes'],
  [/"(loginAgeSeconds|\w*Milliseconds)":[\d.]+/g, 'count'],
];

/** An answer as it is compared: everything but what differs between any two. */
export function comparable({ status, headers, text }: GovernedAnswer): string {
  const same = differing.reduce((left, [pattern, name]) => left.replace(pattern, `‹${name}›`), text);
  return `${status} ${headers} ${same}`;
}

/** The first place at which two answers part, with what stands around it. */
export function partingOf(one: string, other: string): string {
  let position = 0;
  while (position < one.length && one[position] === other[position]) position += 1;
  const around = (text: string): string => text.slice(Math.max(0, position - 40), position + 60);
  return `"${around(one)}" and "${around(other)}"`;
}
