import { type InputIssue, inputIssuesOf, type inventory } from '@karmanflow/commands';
import * as v from 'valibot';

type CatalogueIds = inventory.CatalogueIds;
type CatalogueNames = inventory.CatalogueNames;

/** Names of a message that its environment does not have, by kind. Never all empty. */
export type UnknownNames = CatalogueNames;

export interface MappedCommand {
  readonly commandType: string;
  readonly input: unknown;
}

/** A message whose shape was checked: what it refers to, and the command that it becomes once that is looked up. */
export interface ReadMessage {
  /** Without repetitions. */
  readonly names: CatalogueNames;
  readonly toCommand: (
    ids: CatalogueIds,
  ) => { readonly ok: true; readonly command: MappedCommand } | { readonly ok: false; readonly unknown: UnknownNames };
}

export type MessageResult =
  | { readonly ok: true; readonly message: ReadMessage }
  | { readonly ok: false; readonly detail: string; readonly issues: readonly InputIssue[] };

/** How messages of one type become commands. Pure. */
export interface Mapping {
  /** The `type` of the message. */
  readonly messageType: string;
  readonly read: (value: unknown) => MessageResult;
}

export interface MappingDefinition<Message> {
  readonly messageType: string;
  readonly commandType: string;
  readonly shape: v.GenericSchema<unknown, Message>;
  readonly namesOf: (message: Message) => CatalogueNames;
  /** Called only when each name was found; the text it maps through `idOf` is one of them. */
  readonly inputOf: (message: Message, idOf: IdLookUp) => unknown;
}

/** The id of a name that is known to exist. Throws on any other: then `namesOf` did not list it, a bug. */
export interface IdLookUp {
  readonly variant: (sku: string) => string;
  readonly location: (code: string) => string;
  readonly salesChannel: (code: string) => string;
}

export function defineMapping<Message>(definition: MappingDefinition<Message>): Mapping {
  const { messageType, commandType, shape, namesOf, inputOf } = definition;
  return {
    messageType,
    read(value) {
      const parsed = v.safeParse(shape, value, { abortPipeEarly: true });
      if (!parsed.success) {
        return { ok: false, detail: `not the shape of ${messageType}`, issues: inputIssuesOf(parsed.issues) };
      }
      const names = distinct(namesOf(parsed.output));
      return {
        ok: true,
        message: {
          names,
          toCommand(ids) {
            const unknown = missing(names, ids);
            if (unknown) return { ok: false, unknown };
            return { ok: true, command: { commandType, input: inputOf(parsed.output, lookUpIn(ids)) } };
          },
        },
      };
    },
  };
}

function distinct(names: CatalogueNames): CatalogueNames {
  const once = (list: readonly string[]): string[] => [...new Set(list)];
  return {
    skus: once(names.skus),
    locationCodes: once(names.locationCodes),
    salesChannelCodes: once(names.salesChannelCodes),
  };
}

function missing(names: CatalogueNames, ids: CatalogueIds): UnknownNames | null {
  const skus = names.skus.filter((sku) => !ids.variants.has(sku));
  const locationCodes = names.locationCodes.filter((code) => !ids.locations.has(code));
  const salesChannelCodes = names.salesChannelCodes.filter((code) => !ids.salesChannels.has(code));
  if (skus.length + locationCodes.length + salesChannelCodes.length === 0) return null;
  return { skus, locationCodes, salesChannelCodes };
}

function lookUpIn(ids: CatalogueIds): IdLookUp {
  const found = (id: string | undefined, name: string): string => {
    if (id === undefined) throw new Error(`${name} was not looked up`);
    return id;
  };
  return {
    variant: (sku) => found(ids.variants.get(sku), sku),
    location: (code) => found(ids.locations.get(code), code),
    salesChannel: (code) => found(ids.salesChannels.get(code), code),
  };
}
