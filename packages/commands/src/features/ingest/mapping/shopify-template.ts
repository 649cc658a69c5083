import type { Expression } from './expression.ts';
import type { Rule, ShopifySettings } from './mapping-document.ts';

/** Shopify tells what a message is by a header that it does not sign, so each rule also asks for a field of that kind alone. */
const topic = { header: 'x-shopify-topic' } as const;
/** An order's name that fits into a text: its number may be larger than JSON keeps exactly. */
const order = { at: '/admin_graphql_api_id' } as const;

function named(ids: Readonly<Record<string, string>>, at: string): Expression {
  const key = { text: { at } };
  return { table: ids, key, otherwise: key };
}

/**
 * Shopify's orders hold their stock, cancelled ones ask to give it back (which waits for a human), and its stock levels
 * become ours. Shopify's `available` is what may still be sold, so ours is brought to the same number, whatever is reserved.
 */
export function shopifyRules(settings: ShopifySettings): readonly Rule[] {
  const { salesChannel, location, holdSeconds, skus, locations } = settings;
  return [
    {
      when: [
        { is: topic, equals: 'orders/create' },
        { is: { at: '/line_items', optional: true }, present: true },
      ],
      command: 'reservation.create',
      subject: order,
      input: {
        object: {
          salesChannelId: { salesChannel: { value: salesChannel } },
          reference: order,
          ...(holdSeconds === undefined ? {} : { holdSeconds: { value: holdSeconds } }),
          lines: {
            // What is not shipped takes nothing from a shelf.
            each: { jmespath: 'line_items[?requires_shipping == `true`]' },
            of: {
              object: {
                variantId: { variant: { jmespath: 'sku' } },
                locationId: { location: { value: location } },
                quantity: { whole: { jmespath: 'quantity' } },
              },
            },
          },
        },
      },
    },
    {
      when: [
        { is: topic, equals: 'orders/cancelled' },
        { is: { at: '/cancelled_at', optional: true }, present: true },
      ],
      command: 'reservation.cancel',
      input: { object: { reservationId: { reservation: order } } },
    },
    {
      when: [
        { is: topic, equals: 'inventory_levels/update' },
        { is: { at: '/inventory_item_id', optional: true }, present: true },
      ],
      command: 'inventory.adjust',
      input: {
        object: {
          variantId: { variant: named(skus, '/inventory_item_id') },
          locationId: { location: named(locations, '/location_id') },
          reason: { value: 'inventory_levels/update' },
        },
      },
      setLevel: { quantity: 'available', to: { whole: { at: '/available' } } },
    },
  ];
}
