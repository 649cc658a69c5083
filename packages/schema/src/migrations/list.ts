import initial from './0001-initial.sql' with { type: 'text' };
import governance from './0002-governance.sql' with { type: 'text' };
import allocation from './0003-allocation.sql' with { type: 'text' };
import platform from './0004-platform.sql' with { type: 'text' };
import sequencer from './0005-sequencer.sql' with { type: 'text' };
import erasure from './0006-erasure.sql' with { type: 'text' };
import ingest from './0007-ingest.sql' with { type: 'text' };
import bulkWorker from './0008-bulk-worker.sql' with { type: 'text' };
import webhooks from './0009-webhooks.sql' with { type: 'text' };
import receiptSearch from './0010-receipt-search.sql' with { type: 'text' };
import consumers from './0011-consumers.sql' with { type: 'text' };
import ingestLimits from './0012-ingest-limits.sql' with { type: 'text' };
import deliveryHistory from './0013-delivery-history.sql' with { type: 'text' };
import ingestSettings from './0014-ingest-settings.sql' with { type: 'text' };

export interface Migration {
  /** File name without its ending; the order of names is the order of application. */
  readonly name: string;
  readonly sql: string;
}

/** Forward only. A migration that has landed is never edited: its hash is kept where it was applied. */
export const migrations: readonly Migration[] = [
  { name: '0001-initial', sql: initial },
  { name: '0002-governance', sql: governance },
  { name: '0003-allocation', sql: allocation },
  { name: '0004-platform', sql: platform },
  { name: '0005-sequencer', sql: sequencer },
  { name: '0006-erasure', sql: erasure },
  { name: '0007-ingest', sql: ingest },
  { name: '0008-bulk-worker', sql: bulkWorker },
  { name: '0009-webhooks', sql: webhooks },
  { name: '0010-receipt-search', sql: receiptSearch },
  { name: '0011-consumers', sql: consumers },
  { name: '0012-ingest-limits', sql: ingestLimits },
  { name: '0013-delivery-history', sql: deliveryHistory },
  { name: '0014-ingest-settings', sql: ingestSettings },
];

/** The newest migration, which the boot guard expects to find applied (or a later one). */
export const latestMigration: string = migrations[migrations.length - 1]?.name ?? '';
