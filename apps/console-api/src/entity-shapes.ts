import * as v from 'valibot';

/** How an entity is named in a query: as events and receipts name it. */
export const entityTypeShape = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]{0,63}$/, 'must be a type of entity'));

/** Ids and codes, joined by colons where a key has several parts. */
export const entityIdShape = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9][^\p{Cc}\p{Cs}"\\{}[\]]{0,199}$/u, 'must be an id of an entity'),
);
