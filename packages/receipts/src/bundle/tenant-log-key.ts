import { superLogPlace, tenantLogPlace } from '../archive/log-place.ts';
import { type NoteKey, noteKey } from '../log/note-key.ts';

const superSuffix = '/log';

/**
 * The key of a tenant's log. All logs of a host are signed with one key, which bears the name of each in turn (C2SP
 * tlog-checkpoint), so the key of the log of logs, `<host>/log`, is enough to know that of any tenant. Any other key stays what it is.
 */
export function tenantLogKey(key: NoteKey, tenantId: string): NoteKey {
  const host = key.name.endsWith(superSuffix) ? key.name.slice(0, -superSuffix.length) : '';
  if (host === '' || superLogPlace({ host }).origin !== key.name) return key;
  const { origin: name } = tenantLogPlace({ host, tenantId });
  return noteKey({ name, type: key.type, publicKey: key.publicKey });
}
