import { createHash } from 'node:crypto';
import { type RiskClass, roles } from '@karmanflow/policy';

/** What the demo tenant consists of. Data only; `seedDemo` turns it into commands. */

export const demoEnvironments = [
  { name: 'sandbox', kind: 'SANDBOX' },
  { name: 'production', kind: 'PRODUCTION' },
] as const;
export type DemoEnvironment = (typeof demoEnvironments)[number]['name'];

export const demoKeyNames = ['operator-sandbox', 'operator-production', 'storefront-sandbox'] as const;
export type DemoKeyName = (typeof demoKeyNames)[number];

export interface DemoKey {
  readonly principal: string;
  readonly environment: DemoEnvironment;
  readonly scopes: readonly string[];
  readonly riskCeiling: RiskClass;
}

const operatorScopes = [...roles.operator, ...roles.administrator];

export const demoKeys: Readonly<Record<DemoKeyName, DemoKey>> = {
  'operator-sandbox': { principal: 'operator', environment: 'sandbox', scopes: operatorScopes, riskCeiling: 'R3' },
  'operator-production': {
    principal: 'operator',
    environment: 'production',
    scopes: operatorScopes,
    riskCeiling: 'R3',
  },
  'storefront-sandbox': {
    principal: 'storefront',
    environment: 'sandbox',
    scopes: [...roles.operator],
    riskCeiling: 'R1',
  },
};

export const demoTenantName = 'Demo';
export const demoPersonName = 'Demo Operator';

/** Who can log in, under the subject of their handle. Two of them can approve what the other asks for. */
export const demoPeople = [
  { handle: 'ada', displayName: 'Ada, administrator and approver', roles: ['operator', 'administrator', 'approver'] },
  { handle: 'bob', displayName: 'Bob, operator and approver', roles: ['operator', 'approver'] },
  { handle: 'cyd', displayName: 'Cyd, who only looks', roles: ['viewer'] },
] as const;

export const demoPrincipals = [
  { handle: 'operator', type: 'USER', roles: ['operator', 'administrator'] },
  { handle: 'storefront', type: 'SERVICE', roles: ['operator'] },
  { handle: 'webshop-connector', type: 'CONNECTOR', roles: ['connector'] },
  { handle: 'expiry-sweeper', type: 'SYSTEM', roles: ['expiry_sweeper'] },
  { handle: 'bulk-runner', type: 'SYSTEM', roles: ['bulk_runner'] },
  { handle: 'webhook-dispatcher', type: 'SYSTEM', roles: ['webhook_dispatcher'] },
] as const;

export const webhookSecretName = 'demo-webhook-secret';
export const demoIngestSource = { code: 'webshop', principal: 'webshop-connector', environment: 'sandbox' } as const;

export const demoLocations = [
  { code: 'BER-1', name: 'Berlin' },
  { code: 'LEJ-1', name: 'Leipzig' },
] as const;
export type DemoLocationCode = (typeof demoLocations)[number]['code'];

/** The locations that a channel sells from, each with the units that it leaves alone there. */
export const demoChannels: readonly {
  readonly code: string;
  readonly name: string;
  readonly buffers: Readonly<Partial<Record<DemoLocationCode, number>>>;
}[] = [
  { code: 'web-shop', name: 'Web shop', buffers: { 'BER-1': 0, 'LEJ-1': 0 } },
  { code: 'marketplace', name: 'Marketplace', buffers: { 'BER-1': 5 } },
];

/** Units on hand at each location where the variant is stocked. Some are scarce, so that refusals can be seen. */
export const demoVariants: readonly {
  readonly sku: string;
  readonly name: string;
  readonly onHand: Readonly<Partial<Record<DemoLocationCode, number>>>;
}[] = [
  { sku: 'MUG-BLUE', name: 'Stoneware mug, blue', onHand: { 'BER-1': 240, 'LEJ-1': 160 } },
  { sku: 'MUG-WHITE', name: 'Stoneware mug, white', onHand: { 'BER-1': 180, 'LEJ-1': 90 } },
  { sku: 'BOWL-S', name: 'Bowl, small', onHand: { 'BER-1': 75, 'LEJ-1': 40 } },
  { sku: 'BOWL-L', name: 'Bowl, large', onHand: { 'BER-1': 30, 'LEJ-1': 12 } },
  { sku: 'TEAPOT-1L', name: 'Teapot, 1 litre', onHand: { 'BER-1': 18, 'LEJ-1': 6 } },
  { sku: 'CARAFE-OAK', name: 'Carafe with an oak lid', onHand: { 'BER-1': 9 } },
  { sku: 'TRAY-ASH', name: 'Tray, ash', onHand: { 'LEJ-1': 25 } },
  { sku: 'BOARD-OLIVE', name: 'Cutting board, olive wood', onHand: { 'BER-1': 14, 'LEJ-1': 14 } },
  { sku: 'APRON-LINEN', name: 'Apron, linen', onHand: { 'BER-1': 60, 'LEJ-1': 60 } },
  { sku: 'TOWEL-2', name: 'Tea towels, set of two', onHand: { 'BER-1': 400, 'LEJ-1': 350 } },
  { sku: 'KNIFE-CHEF', name: "Chef's knife, 20 cm", onHand: { 'BER-1': 5, 'LEJ-1': 2 } },
  { sku: 'GIFT-CARD', name: 'Gift card in an envelope', onHand: { 'BER-1': 1000, 'LEJ-1': 1000 } },
];

/** Tells one state of this file from another, so that data which an earlier one made is recognised. */
export const demoFingerprint: string = createHash('sha256')
  .update(
    JSON.stringify([
      [demoTenantName, demoPersonName, demoEnvironments, demoPrincipals, demoPeople, demoKeys, demoIngestSource],
      [demoLocations, demoChannels, demoVariants],
    ]),
  )
  .digest('hex');
