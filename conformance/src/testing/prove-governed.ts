import { afterAll, beforeAll } from 'bun:test';
import type { Governed } from '../governance/governed.ts';
import type { Check } from '../harness/check.ts';
import { prove } from './prove.ts';
import { type ServedApi, serveApi } from './serve-api.ts';

/** Proves checks that speak to a served API as the people and programs of a tenant; they share the one of their file. */
export function proveGoverned(checks: readonly Check<Governed>[]): void {
  let api: ServedApi;
  beforeAll(async () => {
    api = await serveApi();
  });
  afterAll(() => api.stop());

  prove(checks, (_asked, work) => work(api.governed()));
}
