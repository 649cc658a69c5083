import type { Client } from 'pg';
import { withClient } from '@karmanflow/schema/testing';
import { median } from './statistics.ts';

const commits = 200;

/**
 * Makes every flush of the log last `microseconds` longer, as a slower disk would, for the whole cluster and at once.
 * commit_delay is slept under the lock of the log, before the flush; with commit_siblings = 0 it is always slept.
 */
export async function setFlushDelay(adminUrl: string, microseconds: number): Promise<void> {
  await withClient(adminUrl, async (admin) => {
    await admin.query(`ALTER SYSTEM SET commit_delay = ${Math.trunc(microseconds)}`);
    await admin.query('ALTER SYSTEM SET commit_siblings = 0');
    await admin.query('SELECT pg_reload_conf()');
  });
}

/** The median of single, sequential commits on an otherwise idle cluster, in milliseconds. */
export function singleCommitMilliseconds(adminUrl: string): Promise<number> {
  return withClient(adminUrl, async (admin) => {
    await admin.query('CREATE TABLE IF NOT EXISTS public.bench_commits (number integer)');
    await untilReloaded(admin);
    const times: number[] = [];
    for (let number = 0; number < commits; number += 1) {
      const startedAt = performance.now();
      await admin.query({ name: 'commit', text: 'INSERT INTO public.bench_commits VALUES ($1)', values: [number] });
      times.push(performance.now() - startedAt);
    }
    return median(times);
  });
}

/** A backend reads the settings between two statements, once the postmaster has told it to. */
async function untilReloaded(admin: Client): Promise<void> {
  const text = `SELECT s.setting = f.setting AS same FROM pg_settings s JOIN pg_file_settings f USING (name) WHERE name = 'commit_delay'`;
  for (;;) {
    const { rows } = await admin.query<{ same: boolean }>(text);
    if (rows[0]?.same !== false) return;
    await Bun.sleep(10);
  }
}
