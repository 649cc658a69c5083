import type { InputIssue } from '../../../executor/parse-command.ts';
import type { CatalogueIds, CatalogueNames } from '../../inventory/index.ts';
import type { QuarantineReason } from '../events.ts';

/** What a message refers to in its sender's words, each once. */
export interface MessageNames extends CatalogueNames {
  /** Subjects of earlier messages of the same source, whose reservations are meant. */
  readonly subjects: readonly string[];
}

export interface MessageIds extends CatalogueIds {
  readonly reservations: ReadonlyMap<string, string>;
}

/** The command that a message becomes. */
export interface MappedCommand {
  readonly commandType: string;
  readonly input: unknown;
  readonly subject: string | null;
  /** The level is brought to this number: the difference to what is there becomes `delta` of the input. */
  readonly setLevel: { readonly quantity: 'available' | 'on_hand'; readonly to: number } | null;
}

export interface Unprocessable {
  readonly kind: 'unprocessable';
  readonly reason: QuarantineReason;
  /** Names places and kinds; never repeats what was sent. */
  readonly detail: string;
  readonly issues: readonly InputIssue[];
  readonly unknown?: MessageNames;
}

export type MappingOutcome =
  | { readonly kind: 'command'; readonly command: MappedCommand }
  | { readonly kind: 'ignored' }
  | Unprocessable;

/** A message of which is known what it refers to; when that is looked up, it becomes its command. */
export interface ReadMessage {
  readonly kind: 'read';
  readonly names: MessageNames;
  readonly toCommand: (ids: MessageIds) => MappingOutcome;
}

export type MessageReading = ReadMessage | { readonly kind: 'ignored' } | Unprocessable;

export interface ArrivedMessage {
  readonly body: Uint8Array;
  readonly header: (name: string) => string | null;
}

export function unprocessable(
  reason: QuarantineReason,
  detail: string,
  more: { readonly issues?: readonly InputIssue[]; readonly unknown?: MessageNames } = {},
): Unprocessable {
  const { issues = [], unknown } = more;
  return { kind: 'unprocessable', reason, detail, issues, ...(unknown === undefined ? {} : { unknown }) };
}

/** Names that there is nothing behind, by kind; null when all were found. */
export function missing(names: MessageNames, ids: MessageIds): MessageNames | null {
  const unknown: MessageNames = {
    skus: names.skus.filter((sku) => !ids.variants.has(sku)),
    locationCodes: names.locationCodes.filter((code) => !ids.locations.has(code)),
    salesChannelCodes: names.salesChannelCodes.filter((code) => !ids.salesChannels.has(code)),
    subjects: names.subjects.filter((subject) => !ids.reservations.has(subject)),
  };
  return Object.values(unknown).some((list: readonly string[]) => list.length > 0) ? unknown : null;
}
