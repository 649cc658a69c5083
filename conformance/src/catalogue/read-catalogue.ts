import { schemaName } from '@karmanflow/schema';
import type { Client } from 'pg';
import type { Target } from '../harness/target.ts';
import type { LiveCatalogue } from './live-catalogue.ts';
import { catalogueQueries } from './queries.ts';

const readings = new WeakMap<Target, Promise<LiveCatalogue>>();

/** The catalogue of a target, read once, unless a saboteur makes each reading see something else. */
export function liveCatalogueOf(target: Target): Promise<LiveCatalogue> {
  if (target.hypotheses.length > 0) return target.catalogue(readCatalogue);
  const known = readings.get(target);
  if (known) return known;
  const made = target.catalogue(readCatalogue);
  readings.set(target, made);
  return made;
}

async function readCatalogue(client: Client): Promise<LiveCatalogue> {
  // Names are printed with their schema only where it is not the obvious one.
  await client.query(`SET LOCAL search_path = ${schemaName}`);
  const parts: Record<string, unknown> = {};
  for (const [part, sql] of Object.entries(catalogueQueries))
    parts[part] = (await client.query(sql, [schemaName])).rows;
  // Each query returns the columns of its interface; the tests of each rule would see nothing otherwise.
  return parts as unknown as LiveCatalogue;
}
