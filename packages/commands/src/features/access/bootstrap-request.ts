import { actorTypes, riskClasses, roles } from '@karmanflow/policy';
import { codeShape, limits, nameShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { identityHashShape, keyScopesShape, roleShape, secretHashShape, tenantSettingsShape } from './shapes.ts';

const listMax = 32;
const secretReference = v.pipe(
  v.string(),
  v.maxLength(limits.textLength, 'is too long'),
  v.regex(/^secrets:\/\/[a-z0-9][a-z0-9_-]*(?:\/[a-z0-9]+)?$/, 'must be secrets://<name>'),
);

/** The fields of a request for a tenant; everything in it names everything else by name, for nothing has an id yet. */
export const bootstrapEntries = {
  name: nameShape,
  environments: v.pipe(
    v.array(v.strictObject({ name: codeShape, kind: v.picklist(['SANDBOX', 'PRODUCTION']) })),
    v.minLength(1),
    v.maxLength(limits.environmentsPerTenant),
  ),
  principals: v.pipe(
    v.array(
      v.strictObject({
        handle: codeShape,
        type: v.picklist(actorTypes),
        roles: v.pipe(v.array(roleShape), v.maxLength(Object.keys(roles).length)),
        /** The handle of the person who answers for an agent or a service. */
        owner: v.optional(codeShape),
        /** By which an identity provider's user logs in as this person. */
        identityHash: v.optional(identityHashShape),
      }),
    ),
    v.minLength(1),
    v.maxLength(listMax),
  ),
  apiKeys: v.pipe(
    v.array(
      v.strictObject({
        name: codeShape,
        principal: codeShape,
        environment: codeShape,
        secretHash: secretHashShape,
        scopes: keyScopesShape,
        riskCeiling: v.picklist(riskClasses),
      }),
    ),
    v.maxLength(listMax),
  ),
  ingestSources: v.pipe(
    v.array(
      v.strictObject({
        code: codeShape,
        principal: codeShape,
        environment: codeShape,
        secretRefs: v.pipe(v.array(secretReference), v.minLength(1), v.maxLength(5)),
      }),
    ),
    v.maxLength(listMax),
  ),
  settings: v.optional(tenantSettingsShape),
} as const;

const entriesShape = v.strictObject(bootstrapEntries);
export type BootstrapRequest = v.InferOutput<typeof entriesShape>;

/** Names that the command gives out itself. */
const takenNames = ['control', 'platform'];

function areDistinct(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}

function areFree(names: readonly string[]): boolean {
  return areDistinct(names) && !names.some((name) => takenNames.includes(name));
}

/** What is wrong with a request as a whole, or null. */
function requestProblem({ environments, principals, apiKeys, ingestSources }: BootstrapRequest): string | null {
  const known = [...apiKeys, ...ingestSources].every(
    (one) =>
      environments.some(({ name }) => name === one.environment) &&
      principals.some(({ handle }) => handle === one.principal),
  );
  if (!known) return 'keys and sources must name environments and principals of this request';
  const free =
    areFree(environments.map(({ name }) => name)) &&
    areFree(principals.map(({ handle }) => handle)) &&
    areFree(apiKeys.map(({ name }) => name)) &&
    areFree(ingestSources.map(({ code }) => code));
  if (!free) return 'names must be distinct, and neither control nor platform';
  const people = principals.filter(({ type }) => type === 'USER');
  const owned = principals.filter(({ owner }) => owner !== undefined);
  const ownersAreRight = owned.every(
    ({ type, owner }) => ['AGENT', 'SERVICE'].includes(type) && people.some(({ handle }) => handle === owner),
  );
  if (!ownersAreRight) return 'only agents and services have an owner, who must be a person of this request';
  const identified = principals.flatMap(({ type, identityHash }) => (identityHash ? [{ type, identityHash }] : []));
  const identitiesAreRight =
    identified.every(({ type }) => type === 'USER') && areDistinct(identified.map((one) => one.identityHash));
  if (!identitiesAreRight) return 'only people have an identity, and no two of them the same';
  return null;
}

/** For the pipe of a shape with these fields. */
export function requestCheck<Request extends BootstrapRequest>(): v.RawCheckAction<Request> {
  return v.rawCheck<Request>(({ dataset, addIssue }) => {
    const message = dataset.typed ? requestProblem(dataset.value) : null;
    if (message !== null) addIssue({ message });
  });
}

/** A request for a tenant, without anything that identifies a person. */
export const bootstrapRequestShape: v.GenericSchema<unknown, BootstrapRequest> = v.pipe(
  entriesShape,
  requestCheck<BootstrapRequest>(),
);
