import type { Id } from '@karmanflow/schema';
import type { EntityDefinition } from '../../definition/entity.ts';

/** What a command has to know of a delivery: that it is there, and whose it is. */
export interface DeliveryInHistory {
  readonly id: Id<'webhookDelivery'>;
  readonly subscriptionId: Id<'webhookSubscription'>;
}

/**
 * A row of whoever delivers, which commands see and never change: no event makes one, so it is no entity of the feature, and it is
 * removed once it has been over for long.
 */
export const deliveryInHistory: EntityDefinition<DeliveryInHistory> = {
  name: 'webhook_delivery',
  table: 'webhook_deliveries',
  locked: false,
  key: ['id'],
  fields: {
    id: { column: 'id', id: 'webhookDelivery' },
    subscriptionId: { column: 'subscription_id', id: 'webhookSubscription' },
  },
  evolve: {},
};
