/**
 * Identifiers. In the database every id is a UUID version 7 made by the application (RFC 9562); at the edges it carries
 * a prefix that names its kind, so that an id in the wrong place is a type error here and a clear refusal over HTTP.
 */

export const idPrefixes = {
  tenant: 'tnt',
  environment: 'env',
  principal: 'prn',
  roleGrant: 'grt',
  apiKey: 'key',
  personalData: 'pii',
  location: 'loc',
  salesChannel: 'chn',
  variant: 'var',
  reservation: 'rsv',
  receipt: 'rcp',
  event: 'evt',
  approval: 'apr',
  ingestSource: 'src',
  quarantinedMessage: 'qtn',
  session: 'ses',
  massCancel: 'mcl',
  allocation: 'alc',
  oversellPolicy: 'osp',
  webhookSubscription: 'whs',
  webhookDelivery: 'whd',
  webhookRecovery: 'whr',
  correlation: 'kfcor',
  request: 'kfreq',
} as const;

export type IdKind = keyof typeof idPrefixes;
export type Id<Kind extends IdKind> = `${(typeof idPrefixes)[Kind]}_${string}`;

/** A source of UUID version 7 text, for example `Bun.randomUUIDv7`. Injected, because randomness and time are effects. */
export type UuidSource = () => string;

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True for the canonical lower-case text form of a UUID (RFC 9562 section 4), the only one accepted anywhere. */
export function isUuid(text: string): boolean {
  return text.length === 36 && uuidPattern.test(text);
}

export function newId<Kind extends IdKind>(kind: Kind, uuidSource: UuidSource): Id<Kind> {
  return `${idPrefixes[kind]}_${uuidSource()}`;
}

/** Puts the prefix of `kind` before a UUID that came from the database. */
export function toId<Kind extends IdKind>(kind: Kind, uuid: string): Id<Kind> {
  return `${idPrefixes[kind]}_${uuid}`;
}

/** The UUID behind a prefixed id. Throws on anything else: ids are parsed at the edge, so this is a bug. */
export function toUuid(id: string): string {
  const at = id.indexOf('_');
  const uuid = at < 1 ? '' : id.slice(at + 1);
  if (!isUuid(uuid)) throw new TypeError(`not a prefixed id: ${JSON.stringify(id.slice(0, 64))}`);
  return uuid;
}

export function isId<Kind extends IdKind>(kind: Kind, value: unknown): value is Id<Kind> {
  if (typeof value !== 'string') return false;
  const prefix = idPrefixes[kind];
  return value.startsWith(`${prefix}_`) && isUuid(value.slice(prefix.length + 1));
}

/**
 * Tenant-wide matters (configuration, people, environments, keys) live in a control environment that every tenant has.
 * Its UUID equals the tenant's, so whoever knows the tenant knows where its control plane is, without a look-up.
 */
export function controlEnvironmentOf(tenantId: Id<'tenant'>): Id<'environment'> {
  return toId('environment', toUuid(tenantId));
}

/** The two ids that every row, every transaction and every command carries. */
export interface Scope {
  readonly tenantId: Id<'tenant'>;
  readonly environmentId: Id<'environment'>;
}
