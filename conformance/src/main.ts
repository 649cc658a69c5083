import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runtimeRoles } from '@karmanflow/schema';
import { createTestDatabase } from '@karmanflow/schema/testing';
import * as v from 'valibot';
import { audit, type AuditOptions, type RoleUrls } from './audit.ts';
import { renderReport } from './harness/report.ts';
import { isClean } from './harness/run-checks.ts';
import { receiptCounter, type Surface } from './surface/surface.ts';
import { serveApi } from './testing/serve-api.ts';
import { serveDelivery } from './testing/serve-delivery.ts';
import { serveIngest } from './testing/serve-ingest.ts';
import { ownRoot } from './tier-boundaries/repository.ts';

const usage = `bun conformance/src/main.ts --database <administrator's URL> --roles <file> --url <console-api> --key <API key> [options]

  --database <url>   the database to audit, as its administrator; left out: only what the runtime roles can see
  --roles <file>     JSON with the URL of each runtime role, for example {"kf_command": "postgresql://..."}
  --url <url>        a running console-api, asked only for what it must refuse; with --key
  --key <API key>    of somebody who may read; with --database, receipts are counted there
  --repository <dir> whose sources are read; this one unless given
  --throwaway        instead of database and API: fresh ones on the test cluster of KF_TEST_DATABASE_URL
  --only <prefix>    only checks whose id starts with this
  --json <file>      writes the evidence
  --seed <number>    of the random traces
  --runs <number>    how many random traces`;

const roleUrlsShape = v.strictObject(v.entriesFromList(runtimeRoles, v.optional(v.pipe(v.string(), v.url()))));

function readRoles(file: string | undefined): RoleUrls {
  if (file === undefined) return {};
  const parsed = v.parse(roleUrlsShape, JSON.parse(readFileSync(file, 'utf8')));
  return Object.fromEntries(Object.entries(parsed).filter(([, url]) => url !== undefined)) as RoleUrls; // The shape's keys.
}

async function run(options: AuditOptions, jsonFile: string | undefined): Promise<boolean> {
  const startedAt = new Date().toISOString();
  const results = await audit(options);
  console.log(renderReport(results));
  if (jsonFile !== undefined) {
    const evidence = {
      startedAt,
      finishedAt: new Date().toISOString(),
      seed: options.seed,
      runs: options.runs,
      results,
    };
    writeFileSync(jsonFile, `${JSON.stringify(evidence, null, 2)}\n`);
  }
  return isClean(results);
}

async function runThrowaway(
  options: Omit<AuditOptions, 'adminUrl' | 'roleUrls'>,
  jsonFile: string | undefined,
): Promise<boolean> {
  const database = await createTestDatabase();
  const api = await serveApi();
  const ingest = await serveIngest();
  const delivery = await serveDelivery();
  try {
    const roleUrls = Object.fromEntries(runtimeRoles.map((role) => [role, database.urlFor(role)]));
    const served = {
      surface: api.surface(),
      governed: api.governed(),
      ingest: ingest.target(),
      delivery: delivery.target(),
    };
    return await run({ ...options, adminUrl: database.adminUrl, roleUrls, ...served }, jsonFile);
  } finally {
    await delivery.stop();
    await ingest.stop();
    await api.stop();
    await database.drop();
  }
}

interface ApiOptions {
  readonly url: string;
  readonly key: string;
  readonly database: string | undefined;
}

async function surfaceOf({ url, key, database }: ApiOptions): Promise<Surface> {
  const countReceipts = database === undefined ? null : await receiptCounter(database, key);
  return { url: url.replace(/\/$/, ''), apiKey: key, countReceipts, recompose: null };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      database: { type: 'string' },
      roles: { type: 'string' },
      url: { type: 'string' },
      key: { type: 'string' },
      repository: { type: 'string' },
      throwaway: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      json: { type: 'string' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
      runs: { type: 'string', default: '100' },
      help: { type: 'boolean', default: false },
    },
  });
  const { url, key, database, roles, repository } = values;
  const isToldNothing = [database, roles, url, repository].every((value) => value === undefined) && !values.throwaway;
  if (values.help || isToldNothing || (url === undefined) !== (key === undefined)) {
    console.log(usage);
    return values.help ? 0 : 2;
  }
  const options = {
    only: values.only,
    seed: Number(values.seed),
    runs: Number(values.runs),
    repositoryRoot: repository ?? ownRoot,
  };
  if (values.throwaway) return (await runThrowaway(options, values.json)) ? 0 : 1;
  const surface = url === undefined || key === undefined ? null : await surfaceOf({ url, key, database });
  const given = { adminUrl: database ?? null, roleUrls: readRoles(roles), surface };
  return (await run({ ...options, ...given }, values.json)) ? 0 : 1;
}

process.exit(await main());
