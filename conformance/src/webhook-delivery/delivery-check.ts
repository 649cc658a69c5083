import type { Check, Saboteur } from '../harness/check.ts';
import { type Evidence, gatherEvidence } from '../harness/evidence.ts';
import type { Arrived, DeliveryTarget } from './delivery-target.ts';

interface DeliveryText {
  readonly id: `webhook-delivery.${string}`;
  readonly claim: string;
  readonly mechanism: string;
  /** The cases that must each have been seen at least once. */
  readonly cases: readonly string[];
  run(target: DeliveryTarget, evidence: Evidence): Promise<void>;
  readonly saboteurs: readonly Saboteur<DeliveryTarget>[];
}

/** A check that subscribes to events and looks at what arrives, from a worker that is thrown away afterwards. */
export function deliveryCheck({ run, ...text }: DeliveryText): Check<DeliveryTarget> {
  return {
    ...text,
    family: 'webhook-delivery',
    subject: 'delivery',
    async run(target) {
      const evidence = gatherEvidence();
      await run(target, evidence);
      return evidence.finding(text.cases);
    },
  };
}

/** Stands between the worker and the receivers. */
export function between(
  text: { readonly name: string; readonly mentions: string },
  change: (request: Arrived) => Arrived | readonly Arrived[],
): Saboteur<DeliveryTarget> {
  return { ...text, apply: async ({ comeBetween }) => comeBetween((request) => [change(request)].flat()) };
}
