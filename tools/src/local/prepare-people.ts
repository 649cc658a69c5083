import { randomBytes } from 'node:crypto';
import { ensureAccounts, type IdentityAccounts } from '../identity/accounts.ts';
import { identitySecretNames } from '../identity/identity-names.ts';
import { demoPeople } from './demo-plan.ts';
import { type LocalProblem, type Result, accepted, refused } from './local-problem.ts';
import { openLocalSecrets } from './local-secrets.ts';
import type { LocalSettings } from './local-settings.ts';
import { identityIssuerOf } from './people-environment.ts';
import type { StatePaths } from './state-directory.ts';

const secretBytes = 32;

/**
 * Makes the people of the demo with their passwords, and the secrets that go with logging in, where they are missing.
 * Problems: `setting_invalid` when the provider was moved after the tenant came to know its people by its address.
 */
export async function preparePeople(where: {
  readonly settings: LocalSettings;
  readonly paths: StatePaths;
}): Promise<Result<IdentityAccounts, LocalProblem>> {
  const { settings, paths } = where;
  const secrets = openLocalSecrets(paths.secrets);
  const newSecret = (): string => randomBytes(secretBytes).toString('base64url');
  await secrets.readOrMake(identitySecretNames.client, newSecret);
  await secrets.readOrMake(identitySecretNames.sealing, newSecret);
  const issuer = identityIssuerOf(settings);
  const people = demoPeople.map(({ handle, displayName }) => ({ subject: handle, displayName }));
  const accounts = await ensureAccounts({ path: paths.accounts, issuer, people });
  if (accounts.issuer === issuer) return accepted(accounts);
  return refused({
    code: 'setting_invalid',
    message: `The people here are known as those of ${accounts.issuer}, and KF_IDENTITY_PORT would move that to ${issuer}.`,
    whatToDo: `Set KF_IDENTITY_PORT to ${new URL(accounts.issuer).port}, or run \`bun run reset\`.`,
  });
}
