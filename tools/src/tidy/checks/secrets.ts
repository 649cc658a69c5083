import { patternCheck } from '../pattern-check.ts';

const message = 'looks like a secret value';

/** No credential is in the repository. Test vectors and tests carry made-up ones. */
export const secrets = patternCheck({
  name: 'secrets',
  concerns: (path) => !path.includes('/vectors/') && !path.endsWith('.test.ts'),
  patterns: [
    { pattern: /-----BEGIN [A-Z0-9 ]*PRIVATE KEY/g, message },
    { pattern: /\bwhsec_[A-Za-z0-9+/=_-]{40}/g, message },
    { pattern: /\bwhsk_[A-Za-z0-9+/=_-]{40}/g, message },
    { pattern: /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g, message },
    { pattern: /\bAIza[0-9A-Za-z_-]{35}\b/g, message },
    { pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60})/g, message },
    { pattern: /\bnpm_[A-Za-z0-9]{36}\b/g, message },
    { pattern: /\b(?:sk|rk)_live_[A-Za-z0-9]{20}/g, message },
    { pattern: /\bxox[abprs]-[A-Za-z0-9-]{20}/g, message },
    { pattern: /"private_key_id":\s*"[0-9a-f]{40}"/g, message },
  ],
});
