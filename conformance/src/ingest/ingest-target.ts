import type { Id } from '@karmanflow/schema';
import type { JsonObject } from '../surface/schema-fields.ts';

/** A request as a sender makes it. */
export interface Sent {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

export interface IngestAnswer {
  readonly status: number;
  readonly text: string;
  /** Empty when the body is no JSON object. */
  readonly json: JsonObject;
}

/** An address, and what its sender knows. `standard-webhooks` signs id and time; `shopify` signs the body alone. */
export interface PartnerSource {
  readonly preset: 'standard-webhooks' | 'shopify';
  readonly ingestSourceId: Id<'ingestSource'>;
  readonly environmentId: Id<'environment'>;
  readonly path: string;
  readonly secret: string;
}

/**
 * A tenant with two environments, in each of which `MUG-1` lies in `BER-1` and is sold by `WEB`; only the sandbox has `CUP-7`.
 * Senders have secrets of their own.
 */
export interface Partner {
  readonly tenantId: Id<'tenant'>;
  readonly connectorId: Id<'principal'>;
  readonly sources: {
    readonly sandbox: PartnerSource;
    readonly production: PartnerSource;
    /** In the sandbox, of a sender that signs the body alone. */
    readonly unsignedIds: PartnerSource;
    /** In the sandbox, of a connector that has no role. */
    readonly powerless: PartnerSource;
  };
  /** Stops a source, as the tenant's administrator. */
  pause(source: PartnerSource): Promise<void>;
}

/** A running ingest whose tenants and database belong to nobody: what is sent leaves receipts. */
export interface IngestTarget {
  createPartner(name: string): Promise<Partner>;
  send(request: Sent): Promise<IngestAnswer>;
  /** As the database's administrator, who sees every row. */
  query(sql: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  /** What stands between senders and ingest from now on; only a saboteur says so. */
  comeBetween(change: (request: Sent) => Sent): void;
  /** The source at an address, with the secret of its sender: what no honest part of the system could ask for. */
  sourceAt(path: string): PartnerSource | null;
  /** Every source that there is, oldest first. */
  allSources(): readonly PartnerSource[];
  /** From now on another process answers, in which policy lacks the rule by which R2 waits for a human. */
  runWithoutPause(): Promise<void>;
}
