import { limits } from '@karmanflow/schema';
import * as v from 'valibot';

/** The `limit` of a page, as it arrives in a query string. */
export const pageLimit = v.optional(
  v.pipe(
    v.string(),
    v.regex(/^[1-9][0-9]{0,2}$/, 'must be a whole number'),
    v.transform(Number),
    v.maxValue(limits.pageSizeMax, `must be at most ${limits.pageSizeMax}`),
  ),
  String(limits.pageSizeDefault),
);
