import { actorTypes } from '@karmanflow/policy';
import { codeShape, idShape, limits, textShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { principal } from '../entities/principal.ts';
import { principalRegistered } from '../events.ts';

export const registerPrincipal = defineCommand({
  type: 'access.register_principal',
  version: 1,
  summary: 'Registers a person, service, connector or agent; it may do nothing until a role is granted.',
  risk: 'R3',
  scope: 'access.principal:register',
  environment: 'control',
  actorTypes: ['USER'],
  input: v.pipe(
    v.strictObject({
      handle: codeShape,
      type: v.picklist(actorTypes),
      /** The person who answers for an agent, or for a service. */
      ownerId: v.optional(idShape('principal')),
      /** Kept where it can be erased. */
      personName: v.optional(textShape({ lengthMax: limits.textLength })),
    }),
    v.check(({ type, ownerId }) => type !== 'AGENT' || ownerId !== undefined, 'an agent needs an owner'),
    v.check(
      ({ type, ownerId }) => ownerId === undefined || type === 'AGENT' || type === 'SERVICE',
      'only agents and services have an owner',
    ),
    v.check(({ type, personName }) => personName === undefined || type === 'USER', 'only a person has a name'),
    v.examples([{ handle: 'ada', type: 'USER', personName: 'Ada Lovelace' }]),
  ),
  output: v.strictObject({ principalId: idShape('principal') }),
  refusals: ['code_taken', 'owner_not_eligible'],
  personal: ['personName'],
  load: ({ handle, ownerId }) => [
    rowsWhere(principal, { handle }),
    ...(ownerId === undefined ? [] : [rowsWhere(principal, { id: ownerId })]),
  ],
  decide: (state, { handle, type, ownerId }, ctx) => {
    if (state.get(principal, { handle })) return refuse('code_taken', { code: handle });
    if (ownerId !== undefined) {
      const owner = state.get(principal, { id: ownerId });
      if (owner?.type !== 'USER' || owner.status !== 'ACTIVE') return refuse('owner_not_eligible', { ownerId });
    }
    const principalId = ctx.newId('principal');
    const registered = principalRegistered.of({
      principalId,
      type,
      handle,
      ownerId: ownerId ?? null,
      personalDataId: ctx.personal.get('personName') ?? null,
    });
    return accept({ events: [registered], response: { principalId } });
  },
});
