import type { Probe } from './probe.ts';
import type { Surface } from './surface.ts';
import { isObject, type JsonObject } from './schema-fields.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** Empty when the body is no JSON object. */
  readonly json: JsonObject;
  /** The paths that the refusal names. */
  readonly paths: readonly string[];
}

const deadlineMilliseconds = 10_000;

/** A correlation id under which whatever comes of a probe can be found again, as a UUID. */
export function newCorrelation(): string {
  return Bun.randomUUIDv7();
}

export interface Sending {
  /** In place of the key of the surface; null for no header at all. */
  readonly authorization?: string | null;
  readonly correlationId?: string;
}

/** Sends one request. Throws when there is no answer. */
export async function sendProbe(surface: Surface, probe: Probe, sending: Sending = {}): Promise<Answer> {
  const { authorization = `Bearer ${surface.apiKey}`, correlationId = newCorrelation() } = sending;
  const headers = new Headers({ ...probe.headers, 'x-karmanflow-correlation-id': `kfcor_${correlationId}` });
  if (authorization !== null) headers.set('authorization', authorization);
  const response = await fetch(`${surface.url}${probe.target}`, {
    method: probe.method,
    headers,
    body: probe.body,
    redirect: 'manual',
    signal: AbortSignal.timeout(deadlineMilliseconds),
  });
  const text = await textOf(response);
  const json = objectOf(text);
  const issues: readonly unknown[] = Array.isArray(json['issues']) ? json['issues'] : [];
  const paths = issues.map((issue) => (isObject(issue) ? String(issue['path']) : ''));
  return { status: response.status, text, json, paths };
}

/** A stream of events has no end: that it began is all there is to know. */
async function textOf(response: Response): Promise<string> {
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) return response.text();
  await response.body?.cancel();
  return '';
}

function objectOf(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
