import type { Executor, ingest } from '@karmanflow/commands';
import type { Logger, RequestIdentity, SecretStore } from '@karmanflow/runtime';
import type { Database } from '@karmanflow/schema';
import type { IdentifiedMessage } from './identify-message.ts';
import type { MessageLookUps } from './message-look-ups.ts';
import type { StoredMessage } from './quarantine/seal-message.ts';
import type { IngestSource } from './sources.ts';

/** What it takes to bring a verified message to its end. */
export interface MessagePorts {
  readonly database: Database;
  readonly lookUps: MessageLookUps;
  readonly executor: Executor;
  readonly secretStore: SecretStore;
  readonly logger: Logger;
  readonly randomBytes: (size: number) => Uint8Array;
  /** The keys under which messages are held. Throws when the secret store does not give them. */
  readonly readQuarantineKeys: () => Promise<readonly Uint8Array[]>;
}

/** One verified message under way. */
export interface MessageWork {
  readonly ports: MessagePorts;
  readonly source: IngestSource;
  readonly message: IdentifiedMessage;
  readonly stored: StoredMessage;
  readonly identity: Pick<RequestIdentity, 'requestId' | 'correlationId' | 'traceparent'>;
}

export interface CommandNames {
  readonly claim: ingest.MessageClaim;
  readonly idempotencyKey: string;
  readonly causationId: string;
}

/** The first value of a header of a message; null: it has none. Names are compared in lower case. */
export function headerOf({ headers }: Pick<StoredMessage, 'headers'>, name: string): string | null {
  return headers.find(([one]) => one.toLowerCase() === name)?.[1] ?? null;
}
