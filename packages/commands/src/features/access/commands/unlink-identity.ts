import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { accessLimits } from '../access-limits.ts';
import { principalIdentity } from '../entities/principal-identity.ts';
import { identityUnlinked } from '../session-events.ts';

const { identityHashShownCharacters } = accessLimits;

/** R1 for a human administrator: taking authority away must never wait. A session ends with the identity behind it. */
export const unlinkIdentity = defineCommand({
  type: 'access.unlink_identity',
  version: 1,
  summary: 'Takes an identity away from a person, so that it opens no further session.',
  risk: 'R1',
  scope: 'access.identity:unlink',
  environment: 'control',
  actorTypes: ['USER'],
  input: v.strictObject({
    principalId: idShape('principal'),
    /** The whole hash, or as much of it as `access.identities` shows. */
    identityHash: v.pipe(
      v.string(),
      v.regex(
        new RegExp(`^[0-9a-f]{${identityHashShownCharacters},64}$`),
        `must be at least ${identityHashShownCharacters} characters of a hash in lower-case hex`,
      ),
      v.examples(['e3b0c44298fc1c14']),
    ),
  }),
  output: v.strictObject({ principalId: idShape('principal') }),
  refusals: ['identity_not_found'],
  load: ({ principalId }) => [rowsWhere(principalIdentity, { principalId })],
  decide: (state, { principalId, identityHash }) => {
    const found = state
      .list(principalIdentity, { principalId })
      .find((one) => one.status === 'LINKED' && one.identityHash.startsWith(identityHash));
    if (!found) return refuse('identity_not_found', { principalId });
    const unlinked = identityUnlinked.of({ identityHash: found.identityHash, principalId });
    return accept({ events: [unlinked], response: { principalId } });
  },
});
