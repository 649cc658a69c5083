import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { type Load, rowsWhere } from '../../definition/entity.ts';
import { ingestSource } from '../access/index.ts';

/** What commands about one source share. */
export const sourceInput = v.strictObject({ ingestSourceId: idShape('ingestSource') });
export type SourceInput = v.InferOutput<typeof sourceInput>;

export function loadSource({ ingestSourceId }: SourceInput): Load[] {
  return [sourceRow({ ingestSourceId })];
}

export function sourceRow({ ingestSourceId }: SourceInput): Load {
  return rowsWhere(ingestSource, { id: ingestSourceId });
}
