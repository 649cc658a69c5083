import { type Caller, inventory } from '@karmanflow/commands';
import type { Id } from '@karmanflow/schema';
import type { DemoCatalogue } from './demo.ts';
import type { DemoCommands } from './demo-commands.ts';
import { demoChannels, type DemoEnvironment, demoLocations, demoVariants } from './demo-plan.ts';

interface CatalogueWork {
  readonly commands: DemoCommands;
  /** The operator in the environment. */
  readonly caller: Caller;
  readonly environment: DemoEnvironment;
}

/** Locations and variants, which name nothing else. */
export async function seedMasterData(work: CatalogueWork): Promise<Omit<DemoCatalogue, 'channels'>> {
  const { commands, caller, environment } = work;
  const locations = demoLocations.map(async ({ code, name }): Promise<[string, Id<'location'>]> => {
    const { locationId } = await commands.succeed({
      command: inventory.registerLocation,
      caller,
      idempotencyKey: `seed:${environment}:location:${code}`,
      input: { code, name },
    });
    return [code, locationId];
  });
  const variants = demoVariants.map(async ({ sku, name }): Promise<[string, Id<'variant'>]> => {
    const { variantId } = await commands.succeed({
      command: inventory.registerVariant,
      caller,
      idempotencyKey: `seed:${environment}:variant:${sku}`,
      input: { sku, name },
    });
    return [sku, variantId];
  });
  return {
    locations: Object.fromEntries(await Promise.all(locations)),
    variants: Object.fromEntries(await Promise.all(variants)),
  };
}

/** Channels and the opening stock. Returns the ids of the channels by code. */
export async function seedChannelsAndStock(
  work: CatalogueWork & { readonly masterData: Omit<DemoCatalogue, 'channels'> },
): Promise<DemoCatalogue['channels']> {
  const { commands, caller, environment, masterData } = work;
  const channels = demoChannels.map(async ({ code, name, buffers }): Promise<[string, Id<'salesChannel'>]> => {
    const { salesChannelId } = await commands.succeed({
      command: inventory.registerChannel,
      caller,
      idempotencyKey: `seed:${environment}:channel:${code}`,
      input: {
        code,
        name,
        locations: Object.entries(buffers).map(([location, bufferQuantity]) => ({
          locationId: idOf(masterData.locations, location),
          bufferQuantity,
        })),
      },
    });
    return [code, salesChannelId];
  });
  const stock = demoVariants.flatMap(({ sku, onHand }) =>
    Object.entries(onHand).map(([location, delta]) =>
      commands.succeed({
        command: inventory.adjust,
        caller,
        idempotencyKey: `seed:${environment}:stock:${sku}:${location}`,
        input: {
          variantId: idOf(masterData.variants, sku),
          locationId: idOf(masterData.locations, location),
          delta,
          reason: 'Opening stock of the demo',
        },
      }),
    ),
  );
  const [made] = await Promise.all([Promise.all(channels), Promise.all(stock)]);
  return Object.fromEntries(made);
}

function idOf<T extends string>(ids: Readonly<Record<string, T>>, name: string): T {
  const id = ids[name];
  if (id === undefined) throw new Error(`the demo has no ${name}`);
  return id;
}
