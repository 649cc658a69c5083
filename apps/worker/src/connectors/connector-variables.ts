import { optional, readLogArchiveSettings, withDefault } from '@karmanflow/runtime';

const topicPattern = /^projects\/[a-z][a-z0-9-]{4,28}[a-z0-9]\/topics\/[A-Za-z][A-Za-z0-9._~+%-]{2,254}$/;

function readOrigin(text: string): string | undefined {
  return /^https?:\/\/[^/\s]+\/?$/.test(text) ? text : undefined;
}

/** The variables of what follows the streams for others. Each is off unless it is named. */
export const connectorVariables = {
  KF_PUBSUB_TOPIC: optional(
    {
      purpose: 'The topic of Google Cloud Pub/Sub to which every event is published; none when it is not set.',
      expected: 'projects/<project>/topics/<topic>',
    },
    (text) => (topicPattern.test(text) ? text : undefined),
  ),
  KF_PUBSUB_ENDPOINT: optional(
    {
      purpose:
        'Another origin of Pub/Sub than the global one, for example that of one region, within which order holds.',
      expected: 'https://<host>, or http:// on loopback',
    },
    readOrigin,
  ),
  KF_INGEST_URL: optional(
    {
      purpose:
        'Ingest, which is told at once what people ask for about held messages; it looks when a source sends, if not.',
      expected: 'https://<host>, or http:// on loopback',
    },
    readOrigin,
  ),
  KF_LAKE: optional(
    {
      purpose:
        'Where every event is exported to, as files of JSON Lines by tenant, environment and day; nowhere when not set.',
      expected: 'file:<absolute directory>, or gs://<bucket> with or without /<prefix>',
    },
    readLogArchiveSettings,
  ),
  KF_LAKE_INTERVAL_SECONDS: withDefault(
    {
      purpose: 'How often what is new is exported: a file for each stream that has something new.',
      expected: 'a whole number of seconds from 1 to 86400',
      default: '60',
    },
    (text) => {
      const seconds = Number(text);
      return /^\d{1,5}$/.test(text) && seconds >= 1 && seconds <= 86_400 ? seconds : undefined;
    },
  ),
};
