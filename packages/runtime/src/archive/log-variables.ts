import { optional } from '../configuration/variable.ts';
import { readLogArchiveSettings } from './log-archive.ts';

/** A domain name as an origin may begin with: labels of lower-case letters, digits and hyphens, and perhaps a port. */
const hostPattern = /^[a-z0-9](?:[a-z0-9.-]{0,180}[a-z0-9])?(?::\d{1,5})?$/;

/** What every process reads that publishes the logs of receipts, or answers from what is published. */
export const logVariables = {
  KF_LOG_HOST: optional(
    {
      purpose:
        'The domain name under which the logs of receipts are published; it begins each origin and never changes.',
      expected: 'a domain name, without scheme or path',
    },
    (text) => (hostPattern.test(text) ? text : undefined),
  ),
  KF_LOG_ARCHIVE: optional(
    {
      purpose: 'Where tiles, receipts and checkpoints are put before a checkpoint is published, and read from after.',
      expected: 'file:<absolute directory>, or gs://<bucket> with or without /<prefix>',
    },
    readLogArchiveSettings,
  ),
};
