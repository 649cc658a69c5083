import { expect, test } from 'bun:test';
import { registry } from '@karmanflow/commands';
import * as v from 'valibot';
import { prove } from '../testing/prove.ts';
import { fieldNamesOf } from './field-names.ts';
import { declarationChecks } from './index.ts';

prove(declarationChecks, (_asked, work) => work({ registry }));

test('fields are found however deep they stand', () => {
  const schema = v.pipe(
    v.strictObject({
      one: v.optional(v.strictObject({ two: v.array(v.nullable(v.object({ three: v.string() }))) })),
      four: v.record(v.string(), v.union([v.string(), v.strictObject({ five: v.number() })])),
    }),
    v.check(() => true),
  );
  expect(fieldNamesOf(schema).toSorted()).toEqual(['four', 'four.five', 'one', 'one.two', 'one.two.three']);
});
