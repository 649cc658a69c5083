import { inboundPresets, verifyInbound } from '@karmanflow/webhooks';
import { loadPeers, type VerificationPeer } from './ingest-peers.ts';
import { median } from './statistics.ts';

/** Verifications a second, medians of interleaved rounds. */
export interface VerificationResult {
  readonly name: string;
  readonly ours: number;
  readonly theirs: number;
}

/** Our verifier and each library's on the very same request, in turns. */
export async function benchVerification(bench: {
  readonly milliseconds: number;
  readonly rounds: number;
}): Promise<readonly VerificationResult[]> {
  const results: VerificationResult[] = [];
  for (const peer of await loadPeers()) {
    const ours: number[] = [];
    const theirs: number[] = [];
    const verifiers = [
      { rates: ours, verify: ourVerifier(peer) },
      { rates: theirs, verify: peer.verify },
    ];
    // The first round compiles and counts for neither.
    for (let round = 0; round <= bench.rounds; round += 1) {
      for (const { rates, verify } of round % 2 === 0 ? verifiers : verifiers.toReversed()) {
        const rate = await rateOf(verify, bench.milliseconds);
        if (round > 0) rates.push(rate);
      }
    }
    results.push({ name: peer.library, ours: median(ours), theirs: median(theirs) });
  }
  return results;
}

/** As ingest calls it: a promise like the others, so that both pay for one. */
function ourVerifier({ preset, secret, headers, body }: VerificationPeer): () => Promise<void> {
  const rawBody = new TextEncoder().encode(body);
  return async () => {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const verified = verifyInbound({ preset: inboundPresets[preset], secrets: [secret], headers, rawBody, nowSeconds });
    if (!verified.ok) throw new Error(`we refuse ${preset}: ${verified.code}`);
  };
}

const batch = 64;

async function rateOf(verify: () => Promise<void>, milliseconds: number): Promise<number> {
  const startedAt = performance.now();
  let done = 0;
  let elapsed = 0;
  while (elapsed < milliseconds) {
    for (let index = 0; index < batch; index += 1) await verify();
    done += batch;
    elapsed = performance.now() - startedAt;
  }
  return done / (elapsed / 1000);
}
