import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { accessLimits } from '../access-limits.ts';
import { principal } from '../entities/principal.ts';
import { principalIdentity } from '../entities/principal-identity.ts';
import { identityHashShape } from '../shapes.ts';
import { identityLinked } from '../session-events.ts';

export const linkIdentity = defineCommand({
  type: 'access.link_identity',
  version: 1,
  summary: 'Lets whoever an identity provider knows by this identity log in as a person of the tenant.',
  risk: 'R3',
  scope: 'access.identity:link',
  environment: 'control',
  actorTypes: ['USER'],
  input: v.strictObject({ principalId: idShape('principal'), identityHash: identityHashShape }),
  output: v.strictObject({ principalId: idShape('principal') }),
  refusals: [
    'principal_not_found',
    'principal_not_person',
    'principal_disabled',
    'identity_taken',
    'identity_limit_reached',
  ],
  load: ({ principalId, identityHash }) => [
    rowsWhere(principal, { id: principalId }),
    rowsWhere(principalIdentity, { identityHash }),
    rowsWhere(principalIdentity, { principalId }),
  ],
  decide: (state, { principalId, identityHash }) => {
    const person = state.get(principal, { id: principalId });
    if (!person) return refuse('principal_not_found', { principalId });
    if (person.type !== 'USER') return refuse('principal_not_person', { principalId });
    if (person.status !== 'ACTIVE') return refuse('principal_disabled', { principalId });
    const known = state.get(principalIdentity, { identityHash });
    if (known?.status === 'LINKED') return refuse('identity_taken', { principalId: known.principalId });
    // Unlinked ones count as well: all of them are read when one is unlinked.
    const others = state.list(principalIdentity, { principalId }).filter((one) => one.identityHash !== identityHash);
    if (others.length >= accessLimits.identitiesPerPrincipal) {
      return refuse('identity_limit_reached', { atMost: accessLimits.identitiesPerPrincipal });
    }
    return accept({ events: [identityLinked.of({ identityHash, principalId })], response: { principalId } });
  },
});
