import type { ConsumerDefinition } from '@karmanflow/events';
import {
  bootDatabase,
  type Configuration,
  createFolderArchive,
  createGcsArchive,
  type LogArchive,
  type LogArchiveSettings,
  type Logger,
  type Profile,
} from '@karmanflow/runtime';
import type { Database } from '@karmanflow/schema';
import { connectorLimits } from './connector-limits.ts';
import type { ConnectorName } from './connector-metrics.ts';
import type { connectorVariables } from './connector-variables.ts';
import { createIngestRequestsConsumer } from './ingest-requests/ingest-requests-consumer.ts';
import { createLakeConsumer } from './lake/lake-consumer.ts';
import { createPubsubConsumer } from './pubsub/pubsub-consumer.ts';
import { createTopicPublisher } from './pubsub/topic-publisher.ts';

/** A consumer that this process runs, and how often it looks when nothing waits. */
export interface Connector {
  readonly name: ConnectorName;
  readonly consumer: ConsumerDefinition;
  readonly idlePauseMilliseconds: number;
  /** Frees what it holds open, when nothing uses it any more. */
  close(): Promise<void>;
}

export interface ConnectorParts {
  /** A pool of kf_worker of their own, so that a slow receiver keeps no command waiting. Closed by who stops the process. */
  readonly database: Database;
  readonly connectors: readonly Connector[];
}

/** Opens what the configuration names; null when it names nothing. Throws what opening the database throws. */
export async function openConnectors(
  configuration: Configuration<typeof connectorVariables>,
  ports: { readonly url: string; readonly profile: Profile; readonly logger: Logger },
): Promise<ConnectorParts | null> {
  const connectors: Connector[] = [];
  const { KF_PUBSUB_TOPIC: topic, KF_PUBSUB_ENDPOINT: endpoint, KF_LAKE: lake } = configuration;
  if (topic !== null) {
    const publisher = createTopicPublisher({ topic, ...(endpoint === null ? {} : { endpoint }) });
    connectors.push({
      name: 'google_pubsub',
      consumer: createPubsubConsumer(publisher),
      idlePauseMilliseconds: connectorLimits.idlePauseMilliseconds,
      close: () => publisher.close(),
    });
  }
  if (lake !== null) {
    const archive = openLake(lake);
    connectors.push({
      name: 'data_lake',
      consumer: createLakeConsumer(archive),
      idlePauseMilliseconds: configuration.KF_LAKE_INTERVAL_SECONDS * 1_000,
      close: () => archive.close(),
    });
  }
  const { KF_INGEST_URL: ingestUrl } = configuration;
  if (ingestUrl !== null) {
    connectors.push({
      name: 'ingest_requests',
      consumer: createIngestRequestsConsumer({ ingestUrl: ingestUrl.replace(/\/$/, '') }),
      idlePauseMilliseconds: connectorLimits.idlePauseMilliseconds,
      close: async () => undefined,
    });
  }
  if (connectors.length === 0) return null;
  const database = await bootDatabase({
    ...ports,
    role: 'kf_worker',
    applicationName: 'connectors',
    connectionsMax: connectorLimits.connections,
  });
  return { database, connectors };
}

function openLake(settings: LogArchiveSettings): LogArchive {
  if (settings.kind === 'folder') return createFolderArchive({ directory: settings.directory });
  return createGcsArchive({ bucket: settings.bucket, prefix: settings.prefix });
}
