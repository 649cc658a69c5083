import { compareScope, HistoryNotWhole, registry } from '@karmanflow/commands';
import { readExtents, sendAll } from '@karmanflow/events';
import { type SignerMemory, superLogPlace, tenantLogPlace } from '@karmanflow/receipts';
import { controlEnvironmentOf, type Database, type Id, schemaName, toId, toUuid } from '@karmanflow/schema';
import { type CheckedTenant, checkTenantLog, type LogCheckPorts } from './check-log.ts';
import { draftReport, type IntegrityReport, type ReportDraft } from './integrity-finding.ts';
import { integrityLimits } from './integrity-limits.ts';
import { readUnloggedReceipts } from './stored-leaves.ts';

export interface IntegrityPorts extends Omit<LogCheckPorts, 'draft' | 'remembered'> {
  /** Of the role kf_sequencer, which knows of which tenants there are logs, and what waits for its place in one. */
  readonly sequencerDatabase: Database;
  /** What the signer remembers by now, read anew for each run; empty where its memory is on another machine. */
  readonly readMemory: () => Promise<SignerMemory>;
}

/**
 * Checks everything that must hold whatever an administrator of the database may do, one tenant after the other: the log as
 * it was published against the database, the signatures of all receipts, no receipt beside the log, and each table
 * against its events, folded from nothing. Ends early when stopped; what it found until then it reports.
 */
export async function checkIntegrity(ports: IntegrityPorts, signal?: AbortSignal): Promise<IntegrityReport> {
  const draft = draftReport();
  const memory = await ports.readMemory();
  const unseen = new Set(memory.keys());
  unseen.delete(superLogPlace(ports).origin);
  for await (const tenantId of tenantsOf(ports.sequencerDatabase)) {
    if (signal?.aborted) return draft.report();
    unseen.delete(tenantLogPlace({ host: ports.host, tenantId }).origin);
    const tenant = { tenantId, environmentIds: await environmentsOf(ports.database, tenantId) };
    draft.saw({ tenants: 1 });
    await checkTenantLog({ ...ports, remembered: (origin) => memory.get(origin), draft }, tenant);
    await checkUnlogged(ports, tenant, draft);
    await checkTables(ports.database, tenant, draft);
  }
  for (const origin of unseen) {
    const detail = `${memory.get(origin)?.size} leaves were signed`;
    draft.add({ kind: 'log', code: 'log_vanished', subject: origin, detail });
  }
  return draft.report();
}

async function* tenantsOf(database: Database): AsyncGenerator<Id<'tenant'>, void, undefined> {
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof readExtents>> = await database.connection((connection) =>
      readExtents(connection, after),
    );
    for (const { tenantId } of page.extents) yield toId('tenant', tenantId);
    after = page.next;
  } while (after !== null);
}

async function environmentsOf(database: Database, tenantId: Id<'tenant'>): Promise<readonly Id<'environment'>[]> {
  const control = controlEnvironmentOf(tenantId);
  const rows = await database.read({ tenantId, environmentId: control }, (db) =>
    db.selectFrom('environments').select('id').where('tenant_id', '=', toUuid(tenantId)).execute(),
  );
  return [...new Set([control, ...rows.map(({ id }) => toId('environment', id))])];
}

/** Every receipt stands in the log, or in the queue before it: they are written together, and exchanged in one transaction. */
async function checkUnlogged(ports: IntegrityPorts, tenant: CheckedTenant, draft: ReportDraft): Promise<void> {
  const { tenantId } = tenant;
  for (const environmentId of tenant.environmentIds) {
    const place = { tenantId, environmentId, limit: integrityLimits.unloggedMax };
    const found = await readUnloggedReceipts(ports.database, place);
    if (found.length === 0) continue;
    const waiting = await readWaiting(ports.sequencerDatabase, { tenantId, receiptIds: found });
    // What was neither logged nor waiting may have gone from one to the other between the two looks.
    const still = new Set(await readUnloggedReceipts(ports.database, place));
    for (const id of found.filter((one) => !waiting.has(one) && still.has(one))) {
      const detail = `it stands in ${environmentId} without a leaf`;
      draft.add({ kind: 'receipt', code: 'receipt_unlogged', subject: toId('receipt', id), detail });
    }
  }
}

async function readWaiting(
  database: Database,
  { tenantId, receiptIds }: { readonly tenantId: Id<'tenant'>; readonly receiptIds: readonly string[] },
): Promise<ReadonlySet<string>> {
  const [answer] = await database.connection((connection) =>
    sendAll(connection, [
      {
        text: `select receipt_ids from ${schemaName}.log_pending where tenant_id = $1 and receipt_ids && $2::uuid[]`,
        values: [toUuid(tenantId), receiptIds],
      },
    ]),
  );
  return new Set((answer?.rows ?? []).flatMap((row) => row['receipt_ids'] as string[])); // uuid[], never null.
}

async function checkTables(database: Database, tenant: CheckedTenant, draft: ReportDraft): Promise<void> {
  const { tenantId } = tenant;
  for (const environmentId of tenant.environmentIds) {
    try {
      const compared = await compareScope(database, { scope: { tenantId, environmentId }, registry });
      draft.saw({ events: compared.events, rows: compared.rows });
      for (const { table, key, column, fromEvents, inTable } of compared.differences) {
        const whole = inTable === null ? 'the events give a row that is gone' : 'no event made this row';
        const detail = column === null ? whole : `${column} is ${inTable}, the events give ${fromEvents}`;
        draft.add({ kind: 'table', code: 'row_differs', subject: `${table} ${key}`, detail });
      }
    } catch (error) {
      if (!(error instanceof HistoryNotWhole)) throw error;
      draft.add({ kind: 'table', code: 'events_not_whole', subject: environmentId, detail: error.message });
    }
  }
}
