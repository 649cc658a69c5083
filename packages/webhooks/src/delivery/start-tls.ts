import type { Socket } from 'node:net';
import { checkServerIdentity, connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { awaitSocket } from './await-socket.ts';
import type { DeliveryAttempt } from './delivery-attempt.ts';
import { isReset, type OpenedSocket } from './open-connection.ts';
import type { DeliveryTarget } from './parse-target-url.ts';
import { readErrorCode } from './resolve-target.ts';

/** What is wrong with a certificate, in the words of `tls_failed`. Anything else is `handshake_failed`. */
const reasonOfErrorCode: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'certificate_expired',
  CERT_NOT_YET_VALID: 'certificate_not_yet_valid',
  CERT_REVOKED: 'certificate_revoked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate_name_mismatch',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate_untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate_untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate_untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate_untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate_untrusted',
  CERT_UNTRUSTED: 'certificate_untrusted',
  INVALID_CA: 'certificate_untrusted',
  INVALID_PURPOSE: 'certificate_untrusted',
  CERT_SIGNATURE_FAILURE: 'certificate_untrusted',
};

/**
 * Speaks TLS 1.2 or later over a connected socket. The name that is sent and checked is the target's, whatever address
 * the socket has; a literal address is checked against the addresses of the certificate. Both are passed explicitly,
 * since the environment can switch verification off for whoever leaves the default.
 */
export async function startTls(input: {
  readonly attempt: DeliveryAttempt;
  readonly socket: Socket;
  readonly target: Pick<DeliveryTarget, 'hostname' | 'isLiteral'>;
  readonly certificateAuthorities: readonly string[] | undefined;
}): Promise<OpenedSocket<TLSSocket>> {
  const { attempt, socket, target, certificateAuthorities } = input;
  const secured = attempt.hold(
    connect({
      socket,
      // RFC 6066 section 3 forbids addresses there.
      ...(target.isLiteral ? {} : { servername: target.hostname }),
      ...(certificateAuthorities === undefined ? {} : { ca: [...certificateAuthorities] }),
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      checkServerIdentity: (_name, certificate) => judgeName(target.hostname, certificate),
    }),
  );
  const readiness = await awaitSocket(secured, 'secureConnect');
  const { phase } = attempt;
  if (!readiness.ok) {
    const errorCode = readErrorCode(readiness.error);
    if (isReset(errorCode) && !(readiness.error instanceof NameMismatch)) {
      return { ok: false, code: 'reset', phase, reason: errorCode ?? 'closed' };
    }
    return { ok: false, code: 'tls_failed', phase, reason: reasonOfErrorCode[errorCode ?? ''] ?? 'handshake_failed' };
  }
  // Asked once more: a runtime that forgets a check leaves no trace but these two.
  if (!secured.authorized) return { ok: false, code: 'tls_failed', phase, reason: 'certificate_untrusted' };
  if (judgeName(target.hostname, secured.getPeerCertificate()) !== undefined) {
    return { ok: false, code: 'tls_failed', phase, reason: 'certificate_name_mismatch' };
  }
  return { ok: true, socket: secured };
}

class NameMismatch extends Error {
  readonly code = 'ERR_TLS_CERT_ALTNAME_INVALID';
}

/** The common name of a certificate counts for nothing (RFC 9525 section 6.3), though the runtime still takes it. */
function judgeName(hostname: string, certificate: PeerCertificate): Error | undefined {
  const names = certificate.subjectaltname;
  if (names === undefined || names === '') return new NameMismatch('The certificate has no subject alternative name.');
  return checkServerIdentity(hostname, certificate);
}
