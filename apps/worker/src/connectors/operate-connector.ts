import {
  defineConsumer,
  type OperationResult,
  pauseConsumer,
  readParked,
  readTracks,
  resumeConsumer,
  retryParked,
  rewindConsumer,
} from '@karmanflow/events';
import { type Database, isId, type Scope } from '@karmanflow/schema';
import { connectorNames } from './connector-metrics.ts';

const usage = `operate.ts <tenant id> <environment id> list
operate.ts <tenant id> <environment id> <${connectorNames.join(' | ')}> parked
                                        … pause              stop following the stream of this environment
                                        … resume             go on; one that stopped at an event tries it again
                                        … resume-past        leave the event parked that it stopped at, and go on behind it
                                        … rewind <position>  do everything behind a position again
                                        … retry <position>   try a parked event again`;

/** What came of it, for people; `isDone` is false when it was refused or the command line is none. */
export interface OperationReport {
  readonly isDone: boolean;
  readonly text: string;
}

/** Carries out one line of a command line on what follows the stream of one environment. */
export async function operateConnector(database: Database, argv: readonly string[]): Promise<OperationReport> {
  const [tenantId = '', environmentId = '', name = '', verb = '', position = ''] = argv;
  if (!isId('tenant', tenantId) || !isId('environment', environmentId)) return { isDone: false, text: usage };
  const scope: Scope = { tenantId, environmentId };
  if (name === 'list') return { isDone: true, text: linesOf(await readTracks(database, scope)) };
  if (!connectorNames.some((known) => known === name)) return { isDone: false, text: usage };
  if (verb === 'parked') return { isDone: true, text: linesOf(await readParked(database, { scope, consumer: name })) };
  const result = await carryOut(database, { scope, name, verb, position });
  if (result === null) return { isDone: false, text: usage };
  return result.ok ? { isDone: true, text: 'done' } : { isDone: false, text: refusals[result.reason] };
}

const refusals: Readonly<Record<Exclude<OperationResult, { ok: true }>['reason'], string>> = {
  unknown: 'it has never followed the stream of this environment',
  wrong_state: 'there is nothing to do: it is in that state already, or nothing is parked there',
  out_of_range: 'it has not come that far',
};

function carryOut(
  database: Database,
  what: { readonly scope: Scope; readonly name: string; readonly verb: string; readonly position: string },
): Promise<OperationResult> | null {
  const { scope, name, verb, position } = what;
  // Only the name matters here: nothing is published or exported.
  const consumer = defineConsumer({ name, sideEffect: async () => undefined, onPoison: 'stop' });
  const choice = { scope, consumer, track: 'EFFECT' } as const;
  const seq = /^\d{1,15}$/.test(position) ? Number(position) : null;
  if (verb === 'pause') return pauseConsumer(database, choice);
  if (verb === 'resume') return resumeConsumer(database, choice);
  if (verb === 'resume-past') return resumeConsumer(database, { ...choice, past: true });
  if (verb === 'rewind' && seq !== null) return rewindConsumer(database, { ...choice, toSeq: seq });
  if (verb === 'retry' && seq !== null) return retryParked(database, { ...choice, seq });
  return null;
}

function linesOf(rows: readonly object[]): string {
  return rows.length === 0 ? 'nothing' : rows.map((row) => JSON.stringify(row)).join('\n');
}
