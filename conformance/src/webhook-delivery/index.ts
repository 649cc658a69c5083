import type { Check } from '../harness/check.ts';
import type { DeliveryTarget } from './delivery-target.ts';
import { history } from './history.ts';
import { signed } from './signed.ts';

export type { DeliveryTarget } from './delivery-target.ts';

/** What is looked at of a worker that delivers and is thrown away. */
export const webhookDeliveryChecks: readonly Check<DeliveryTarget>[] = [signed, history];
