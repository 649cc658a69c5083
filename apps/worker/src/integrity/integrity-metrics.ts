import type { Metrics } from '@karmanflow/runtime';
import { findingKinds, type IntegrityReport } from './integrity-finding.ts';

export interface IntegrityMetrics {
  /** null for a run that failed; it says nothing about what there is to find. */
  readonly run: (run: {
    readonly report: IntegrityReport | null;
    readonly milliseconds: number;
    readonly atSeconds: number;
  }) => void;
}

/** What the alerts of docs/concepts/tamper-evidence.md look at. */
export function createIntegrityMetrics(metrics: Metrics): IntegrityMetrics {
  const findings = metrics.gauge({
    name: 'kf_integrity_findings',
    help: 'What the last integrity check found that nobody could have brought about through commands. Anything but 0 is an incident.',
    labels: { kind: findingKinds },
  });
  const runs = metrics.counter({
    name: 'kf_integrity_runs_total',
    help: 'Integrity checks that found nothing, found something, or could not be carried out.',
    labels: { outcome: ['clean', 'tampered', 'failed'] },
  });
  const lastClean = metrics.gauge({
    name: 'kf_integrity_last_completed_seconds',
    help: 'When the last integrity check was completed, in seconds since 1970; 0 before the first.',
    labels: {},
  });
  const duration = metrics.gauge({
    name: 'kf_integrity_last_duration_seconds',
    help: 'How long the last integrity check took.',
    labels: {},
  });
  const looked = metrics.gauge({
    name: 'kf_integrity_looked_at',
    help: 'How much the last integrity check looked at.',
    labels: { what: ['tenants', 'receipts', 'events', 'rows'] },
  });
  for (const kind of findingKinds) findings.set({ kind }, 0);
  lastClean.set({}, 0);
  return {
    run({ report, milliseconds, atSeconds }) {
      if (report === null) return runs.increment({ outcome: 'failed' });
      const { counts, tenants, receipts, events, rows } = report;
      for (const kind of findingKinds) findings.set({ kind }, counts[kind]);
      runs.increment({ outcome: report.findings.length === 0 ? 'clean' : 'tampered' });
      lastClean.set({}, atSeconds);
      duration.set({}, milliseconds / 1000);
      looked.set({ what: 'tenants' }, tenants);
      looked.set({ what: 'receipts' }, receipts);
      looked.set({ what: 'events' }, events);
      looked.set({ what: 'rows' }, rows);
    },
  };
}
