import type { Governed } from '../governance/governed.ts';
import type { Saboteur } from '../harness/check.ts';
import type { Handler } from '../surface/surface.ts';

/** The API, with something before it that changes what passes, and that may look into the database. */
export function standingBefore(
  text: { readonly name: string; readonly mentions: string },
  around: (governed: Governed) => (handler: Handler) => Handler,
): Saboteur<Governed> {
  return { ...text, apply: async (governed) => governed.recompose({ around: around(governed) }) };
}
