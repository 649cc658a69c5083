import * as v from 'valibot';

/** The parts of valibot's schema objects that are read here. */
interface SchemaParts {
  readonly type: string;
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  readonly item?: v.GenericSchema;
  readonly wrapped?: v.GenericSchema;
  readonly value?: v.GenericSchema;
  readonly options?: readonly unknown[];
  readonly pipe?: readonly { readonly requirement?: unknown; readonly examples?: readonly unknown[] }[];
}

/** `full`: everything that may be there is there. `least`: nothing is that need not be. */
export type SampleSize = 'full' | 'least';

const uuid = '019b76da-a800-7000-8000-000000000001';
const scalars: readonly unknown[] = [
  true,
  1,
  0,
  'sample',
  '2026-03-01T09:30:00.042Z',
  'MUG-1',
  'U2FtcGxl',
  '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
  'ab'.repeat(32),
  `sha256:${'ab'.repeat(32)}`,
  'https://example.com/',
  'secrets://sample',
  'inventory.level:read',
  uuid,
];

/** Data that a schema accepts, always the same for the same schema. Throws when it finds none. */
export function sampleData(schema: v.GenericSchema, size: SampleSize): unknown {
  const sample = sampleOf(schema, size);
  v.assert(schema, sample);
  return sample;
}

function sampleOf(schema: v.GenericSchema, size: SampleSize): unknown {
  const { type, entries, item, wrapped, value, options, pipe = [] } = schema as unknown as SchemaParts;
  if (entries) {
    const present = Object.entries(entries).filter(([, entry]) => size === 'full' || entry.type !== 'optional');
    return Object.fromEntries(present.map(([name, entry]) => [name, sampleOf(entry, size)]));
  }
  if (wrapped) return type === 'nullable' && size === 'least' ? null : sampleOf(wrapped, size);
  if (item) return size === 'full' || !v.is(schema, []) ? [sampleOf(item, size)] : [];
  if (value) return size === 'full' ? { sample: sampleOf(value, size) } : {};
  const chosen = size === 'full' ? options?.[0] : options?.at(-1);
  if (typeof chosen === 'object' && chosen !== null) return sampleOf(chosen as v.GenericSchema, size);
  const prefixes = pipe.flatMap(({ requirement }) => prefixOf(requirement) ?? []);
  const examples = pipe.flatMap((action) => action.examples ?? []);
  const candidates = [chosen, ...examples, ...prefixes.map((prefix) => `${prefix}${uuid}`), ...scalars, null];
  const found = candidates.find((one) => one !== undefined && v.is(schema, one));
  if (found === undefined) throw new Error(`no sample is accepted by a schema of type ${type}: add one`);
  return found;
}

/** What ids of a kind begin with, out of the expression that checks them. */
function prefixOf(requirement: unknown): string | null {
  if (!(requirement instanceof RegExp)) return null;
  return /^\^([a-z]+_)\[0-9a-f\]/.exec(requirement.source)?.[1] ?? null;
}
