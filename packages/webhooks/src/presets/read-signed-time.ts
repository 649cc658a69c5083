import { readTimestamp, type TimestampWindow } from '../read-timestamp.ts';
import type { InboundPreset } from './inbound-preset.ts';
import { refuseInbound, type InboundRefusal } from './inbound-refusal.ts';

const millisecondsPattern = /^[1-9][0-9]{3,14}$/;

/**
 * Judges the timestamp against the window, which is two-sided and includes both edges. Milliseconds are cut to whole
 * seconds, so that a provider's window is as wide in either unit.
 */
export function readSignedTime(input: {
  readonly text: string;
  readonly unit: NonNullable<InboundPreset['timestamp']>['unit'];
  readonly window: TimestampWindow;
}): { readonly ok: true; readonly timestampSeconds: number } | InboundRefusal {
  const { text, unit, window } = input;
  if (unit === 'milliseconds' && !millisecondsPattern.test(text)) {
    const message = 'The timestamp is not a whole number of milliseconds of at most 15 digits without leading zeros.';
    return refuseInbound('timestamp_malformed', message);
  }
  const seconds = unit === 'milliseconds' ? text.slice(0, -3) : text;
  const time = readTimestamp(seconds, window);
  return time.ok ? time : refuseInbound(time.code, time.detail);
}
