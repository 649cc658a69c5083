import { afterAll, beforeAll } from 'bun:test';
import { prove } from '../testing/prove.ts';
import { type ServedDelivery, serveDelivery } from '../testing/serve-delivery.ts';
import { webhookDeliveryChecks } from './index.ts';

let delivery: ServedDelivery;
beforeAll(async () => {
  delivery = await serveDelivery();
}, 60_000);
afterAll(() => delivery.stop());

prove(webhookDeliveryChecks, (_asked, work) => work(delivery.target()));
