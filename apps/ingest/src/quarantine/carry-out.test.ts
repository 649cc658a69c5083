import { expect, test } from 'bun:test';
import { createLogger } from '@karmanflow/runtime';
import { captureLog } from '@karmanflow/runtime/testing';
import { toId } from '@karmanflow/schema';
import type { SourceResult } from '../sources.ts';
import { type CarrierPorts, createRequestCarrier } from './carry-out.ts';

const uuid = '00000000-0000-7000-8000-000000000001';
const address = { tenantId: toId('tenant', uuid), ingestSourceId: toId('ingestSource', uuid) };
const identity = { requestId: 'kfreq_1', correlationId: 'kfcor_1', traceparent: '00' } as never;

test('whoever asks while a look is under way gets one that began afterwards, and all who wait share it', async () => {
  const looks: PromiseWithResolvers<SourceResult>[] = [];
  const ports: Pick<CarrierPorts, 'sources' | 'logger'> = {
    sources: {
      find() {
        const look = Promise.withResolvers<SourceResult>();
        looks.push(look);
        return look.promise;
      },
    },
    logger: createLogger({ app: 'ingest', level: 'info', destination: captureLog().destination }),
  };
  // A source that is not found is where it ends, so nothing else is asked.
  const carrier = createRequestCarrier(ports as CarrierPorts);
  const ended: string[] = [];
  const ask = (name: string): Promise<void> => carrier.carryOut(address, identity).then(() => void ended.push(name));
  const asked = [ask('first'), ask('second'), ask('third')];
  expect(looks).toHaveLength(1);
  looks[0]?.resolve({ ok: false, reason: 'source_unknown' });
  await asked[0];
  await Promise.resolve();
  expect([looks.length, ended]).toEqual([2, ['first']]);
  looks[1]?.reject(new Error('gone'));
  await Promise.all(asked);
  expect([looks.length, ended.toSorted()]).toEqual([2, ['first', 'second', 'third']]);
  await carrier.idle();
});
