import { readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { systemErrorCode } from '../postgres/cluster-problem.ts';

const catalogueShape = v.strictObject({
  variants: v.record(v.string(), idShape('variant')),
  locations: v.record(v.string(), idShape('location')),
  channels: v.record(v.string(), idShape('salesChannel')),
});

const demoShape = v.strictObject({
  tenantId: idShape('tenant'),
  environments: v.strictObject({ sandbox: idShape('environment'), production: idShape('environment') }),
  /** API keys: those of the operator in each environment, and that of the storefront in the sandbox. */
  keys: v.strictObject({ sandbox: v.string(), production: v.string(), storefront: v.string() }),
  ingest: v.strictObject({
    sandbox: v.strictObject({ address: v.string(), secretRef: v.pipe(v.string(), v.startsWith('secrets://')) }),
  }),
  /** Ids by SKU and by code. */
  catalogue: v.strictObject({ sandbox: catalogueShape, production: catalogueShape }),
  /** Which `demo-plan.ts` it was made from. */
  fingerprint: v.string(),
});

/** The demo tenant as a client sees it: keys, addresses and ids. Holds secrets. */
export type Demo = v.InferOutput<typeof demoShape>;
export type DemoCatalogue = v.InferOutput<typeof catalogueShape>;

/** The demo tenant that was written to `path`, or null when there is none or it has another form than today's. */
export async function readDemo(path: string): Promise<Demo | null> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  });
  try {
    const parsed = v.safeParse(demoShape, JSON.parse(text));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

/** Writes it as a whole, for this user alone. */
export async function writeDemo(path: string, demo: Demo): Promise<void> {
  const draft = `${path}.${crypto.randomUUID()}`;
  try {
    await writeFile(draft, `${JSON.stringify(demo, null, 2)}\n`, { mode: 0o600 });
    await rename(draft, path);
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
}
