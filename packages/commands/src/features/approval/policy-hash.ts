import { createHash } from 'node:crypto';
import type { PolicyDecision } from '@karmanflow/policy';

/** The rules of this build and the settings of the tenant under which a request was judged, as one hash. */
export function approvalPolicyHash({ ruleSetHash, facts }: PolicyDecision): string {
  return createHash('sha256').update(`${ruleSetHash} ${facts.tenantPolicyHash}`).digest('hex');
}
