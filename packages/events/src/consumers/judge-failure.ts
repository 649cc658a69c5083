import { UnreadableEvent } from '../define-event-versions.ts';
import { consumerLimits } from './consumer-limits.ts';
import { NotNow } from './define-consumer.ts';
import { ClaimLost } from './track-statements.ts';

/**
 * Whose fault a failure is. `later`: nobody's here, the same will work some time. `event`: the event's, as far as can be told; it
 * counts as a try. `lost`: another process has the stream now.
 */
export type FailureKind = 'later' | 'event' | 'lost';

/** Classes of SQLSTATE that say nothing about the event: connections, serialisation, resources, locks, shutdown, the system. */
const passingClasses = new Set(['08', '40', '53', '55', '57', '58']);
/** A transaction that idled, a server that is a standby. */
const passingStates = new Set(['25P03', '25006']);
/** A statement that takes too long may do so because of the event. */
const statementTimeout = '57014';
/** What Node.js names errors of sockets and files: ECONNRESET, ENOSPC, ETIMEDOUT. */
const systemCode = /^E[A-Z][A-Z0-9]+$/;

export function judgeFailure(error: unknown): FailureKind {
  if (error instanceof ClaimLost) return 'lost';
  if (error instanceof NotNow || error instanceof UnreadableEvent) return 'later';
  if (!(error instanceof Error)) return 'event';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === statementTimeout) return 'event';
  if (passingStates.has(code) || (code.length === 5 && passingClasses.has(code.slice(0, 2)))) return 'later';
  if (systemCode.test(code)) return 'later';
  // The driver's own words for a connection that ended, which carry no code.
  if (/^(?:Connection terminated|Client has encountered a connection error|Query read timeout)/.test(error.message))
    return 'later';
  return 'event';
}

/** What is kept of a failure: one line, bounded, without characters that a text column refuses. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text
    .replaceAll(/\p{Cc}+/gu, ' ')
    .toWellFormed()
    .slice(0, consumerLimits.reasonCharacters);
}
