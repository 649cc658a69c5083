import { actorTypes, riskClasses, roles } from '@karmanflow/policy';
import { codeShape, limits, nameShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { identityHashShape, keyScopesShape, roleShape, secretHashShape, tenantSettingsShape } from './shapes.ts';

const listMax = 32;
/** A name in the secret store, never a secret. */
export const secretReferenceShape: v.GenericSchema<string, string> = v.pipe(
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
        secretRefs: v.pipe(v.array(secretReferenceShape), v.minLength(1), v.maxLength(5)),
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

interface RequestRule {
  readonly holds: (request: BootstrapRequest) => boolean;
  readonly message: string;
}

/** What must hold between the fields of a request. */
const requestRules = {
  references: {
    message: 'keys and sources must name environments and principals of this request',
    holds: ({ environments, principals, apiKeys, ingestSources }) =>
      [...apiKeys, ...ingestSources].every(
        (one) =>
          environments.some(({ name }) => name === one.environment) &&
          principals.some(({ handle }) => handle === one.principal),
      ),
  },
  names: {
    message: 'names must be distinct, and neither control nor platform',
    holds: ({ environments, principals, apiKeys, ingestSources }) =>
      areFree(environments.map(({ name }) => name)) &&
      areFree(principals.map(({ handle }) => handle)) &&
      areFree(apiKeys.map(({ name }) => name)) &&
      areFree(ingestSources.map(({ code }) => code)),
  },
  owners: {
    message: 'only agents and services have an owner, who must be a person of this request',
    holds: ({ principals }) =>
      principals.every(
        ({ type, owner }) =>
          owner === undefined ||
          ((type === 'AGENT' || type === 'SERVICE') &&
            principals.some((one) => one.type === 'USER' && one.handle === owner)),
      ),
  },
  identities: {
    message: 'only people have an identity, and no two of them the same',
    holds: ({ principals }) =>
      principals.every(({ type, identityHash }) => identityHash === undefined || type === 'USER') &&
      areDistinct(principals.flatMap(({ identityHash }) => identityHash ?? [])),
  },
} as const satisfies Record<string, RequestRule>;

/** One of the rules, for the pipe of a shape that has at least these fields. */
export function requestRule<Request extends BootstrapRequest>(
  name: keyof typeof requestRules,
): v.CheckAction<Request, string> {
  const { holds, message } = requestRules[name];
  return v.check<Request, string>(holds, message);
}

/** A request for a tenant, without anything that identifies a person. */
export const bootstrapRequestShape: v.GenericSchema<unknown, BootstrapRequest> = v.pipe(
  entriesShape,
  requestRule('references'),
  requestRule('names'),
  requestRule('owners'),
  requestRule('identities'),
  v.examples([
    {
      name: 'Acme',
      environments: [{ name: 'production', kind: 'PRODUCTION' as const }],
      principals: [{ handle: 'ada', type: 'USER' as const, roles: ['administrator'] }],
      apiKeys: [],
      ingestSources: [],
    },
  ]),
);
