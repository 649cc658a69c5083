import { toId } from '@karmanflow/schema';
import type { Demo, DemoCatalogue } from '../demo.ts';
import { demoChannels, demoFingerprint, demoLocations, demoVariants } from '../demo-plan.ts';

/** A demo as the seed would write it, with ids that exist nowhere. */
export function madeUpDemo(): Demo {
  let count = 0;
  const uuid = (): string => `01900000-0000-7000-8000-${String((count += 1)).padStart(12, '0')}`;
  const catalogue = (): DemoCatalogue => ({
    variants: Object.fromEntries(demoVariants.map(({ sku }) => [sku, toId('variant', uuid())])),
    locations: Object.fromEntries(demoLocations.map(({ code }) => [code, toId('location', uuid())])),
    channels: Object.fromEntries(demoChannels.map(({ code }) => [code, toId('salesChannel', uuid())])),
  });
  return {
    tenantId: toId('tenant', uuid()),
    environments: { sandbox: toId('environment', uuid()), production: toId('environment', uuid()) },
    keys: { sandbox: 'kf_sandbox', production: 'kf_production', storefront: 'kf_storefront' },
    ingest: { sandbox: { address: 'a'.repeat(64), secretRef: 'secrets://demo-webhook-secret' } },
    catalogue: { sandbox: catalogue(), production: catalogue() },
    fingerprint: demoFingerprint,
  };
}
