import { sha256 } from '../log/sha256-native.ts';
import { isKeyName } from '../log/note-key.ts';
import { encodeText } from '../log/note-text.ts';

/** A log: the origin line of its checkpoints, which is also the name of its key, and its folder in the archive. */
export interface LogPlace {
  readonly origin: string;
  readonly folder: string;
}

const nameBytes = 16;

/**
 * The log of a tenant: `<host>/log/<name>`, where the name is part of a hash, so that a checkpoint says nothing about whose
 * it is. `host` is a domain name without scheme. Throws TypeError for one that cannot stand in a note: a bug.
 */
export function tenantLogPlace(input: { readonly host: string; readonly tenantId: string }): LogPlace {
  const folder = tenantLogFolder(input.tenantId);
  return { origin: checkedOrigin(`${input.host}/log/${folder}`), folder };
}

/** The folder of a tenant's log, and the name in its origin: 32 hexadecimal digits, the same under every host. */
export function tenantLogFolder(tenantId: string): string {
  const digest = sha256(encodeText(`karmanflow.log/1\n${tenantId}`)).subarray(0, nameBytes);
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The log of the checkpoints of all tenants: `<host>/log`. */
export function superLogPlace(input: { readonly host: string }): LogPlace {
  return { origin: checkedOrigin(`${input.host}/log`), folder: superLogFolder };
}

/** The folder of the log of logs. */
export const superLogFolder = 'super';

function checkedOrigin(origin: string): string {
  if (!isKeyName(origin)) throw new TypeError('not a host that an origin can begin with');
  return origin;
}

/** Where the checkpoint of a size is kept. Other than the tiles it is not at a path of C2SP tlog-tiles, which changes. */
export function checkpointPath(place: LogPlace, size: bigint): string {
  return `${place.folder}/checkpoint/${size}`;
}
